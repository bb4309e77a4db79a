// What a project's configuration means: validated, every notation resolved, every default filled in. Plain JSON data.

/** A value as YAML or JSON can hold it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

export interface Project {
  /** Which of the two file layouts it was read from: `.upsun/` is flex, `.platform*` is fixed. */
  readonly format: 'flex' | 'fixed'
  readonly applications: readonly Application[]
  readonly services: readonly ServiceDefinition[]
  readonly routes: readonly RouteDefinition[]
}

/** Where it was written. */
export interface Origin {
  readonly file: string
  readonly line: number
}

/** What one container of an application gets. */
export interface ContainerSettings {
  readonly relationships: readonly Relationship[]
  readonly mounts: readonly MountDefinition[]
  readonly variables: Variables
  readonly access: { readonly ssh: 'viewer' | 'contributor' | 'admin' }
  /** Host name to IP address, for /etc/hosts. */
  readonly additionalHosts: Readonly<Record<string, string>>
  readonly resources: Resources
}

/** The settings at the top are those of the web container, where hooks and crons run too. */
export interface Application extends ContainerSettings {
  readonly name: string
  readonly origin: Origin
  /** `root` is a directory of the repository, '' for the whole of it. */
  readonly source: { readonly root: string }
  /** As written: `22`, `22.4`. */
  readonly type: { readonly runtime: string; readonly version: string }
  readonly build: { readonly flavor: string | undefined }
  /** Global tools by language: package to version constraint. */
  readonly dependencies: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly hooks: { readonly build: string | undefined; readonly deploy: string | undefined; readonly postDeploy: string | undefined }
  /** None: the application serves nothing. */
  readonly web: Web | undefined
  readonly workers: readonly Worker[]
  readonly crons: readonly Cron[]
  /** IANA name, for crons. */
  readonly timezone: string
}

export interface Relationship {
  /** Seen from the application: `database` is `database.internal` and DATABASE_URL. */
  readonly name: string
  /** Name of a service, or of an application when the endpoint is `http`. */
  readonly service: string
  readonly endpoint: string
}

export interface MountDefinition {
  /** Relative to the application's directory, no slash at either end. */
  readonly path: string
  /** `storage` is kept, cloned and shared by all containers of the application; `instance` is one container's own; `tmp` may vanish. */
  readonly source: 'storage' | 'instance' | 'tmp'
  /** Directory in the storage; '' is the whole of it. */
  readonly sourcePath: string
  /** The application or service whose storage it is, when not the application's own. */
  readonly service?: string
}

export interface Variables {
  readonly env: Readonly<Record<string, string>>
  /** Everything else, for PLATFORM_VARIABLES, by `prefix:key`. */
  readonly prefixed: Readonly<Record<string, Json>>
}

/** What a project asks for and Friday does not apply yet. */
export interface Resources {
  readonly size: string | undefined
  /** Megabytes. */
  readonly disk: number | undefined
  readonly profile: string | undefined
}

export interface Web {
  readonly commands: { readonly preStart: string | undefined; readonly start: string | undefined; readonly postStart: string | undefined }
  readonly upstream: { readonly socketFamily: 'tcp' | 'unix'; readonly protocol: 'http' | 'fastcgi' }
  /** Never empty; the longest path that a request's path begins with decides. */
  readonly locations: readonly WebLocation[]
}

interface StaticSettings {
  /** `false`: what is no file is 404. `true`: it goes to the application. A path: it goes to the application as that path. */
  readonly passthru: boolean | string
  /** Whether files are served at all. */
  readonly allow: boolean
  readonly scripts: boolean
  /** Seconds; -1 sends no caching headers. */
  readonly expires: number
  readonly headers: Readonly<Record<string, string>>
}

export interface WebLocation extends StaticSettings {
  readonly path: string
  /** Directory of files, relative to the application's; undefined serves none. */
  readonly root: string | undefined
  readonly index: readonly string[]
  /** First match wins. */
  readonly rules: readonly LocationRule[]
  /** Largest request body in bytes. */
  readonly maxRequestBytes: number
}

/** `pattern` is a JavaScript regular expression on the URL path, checked not to be slow. */
export type LocationRule = { readonly pattern: string } & Partial<StaticSettings>

export interface Worker extends ContainerSettings {
  readonly name: string
  readonly commands: { readonly preStart: string | undefined; readonly start: string; readonly postStart: string | undefined }
}

export interface Cron {
  readonly name: string
  /** As written, `H` included. */
  readonly spec: string
  /** Five fields without `H`; what `nextRun` reads. */
  readonly schedule: string
  readonly commands: { readonly start: string; readonly stop: string | undefined }
  /** Seconds it gets to end after `stop` or SIGTERM. */
  readonly shutdownTimeout: number
  /** Seconds it may run. */
  readonly timeout: number
}

export interface ServiceDefinition {
  readonly name: string
  readonly origin: Origin
  readonly type: string
  readonly version: string
  readonly configuration: Readonly<Record<string, Json>>
  readonly relationships: readonly Relationship[]
  readonly resources: Resources
}

export interface RouteDefinition {
  readonly origin: Origin
  /** The key as written, with its closing slash: `https://www.{default}/`. */
  readonly original: string
  readonly scheme: 'http' | 'https'
  /** `www.{default}`, `{all}`, `example.com`, `*.{default}`. */
  readonly host: string
  /** Begins and ends with a slash. */
  readonly path: string
  readonly id: string | undefined
  readonly attributes: Readonly<Record<string, string>>
  /** True for one upstream route, if there is any. */
  readonly primary: boolean
  readonly type: 'upstream' | 'redirect' | 'proxy'
  /** Set for `upstream`. */
  readonly upstream: { readonly kind: 'application' | 'service'; readonly name: string; readonly endpoint: string } | undefined
  /** Set for `redirect` and `proxy`: an address, which may hold `{default}`. */
  readonly to: string | undefined
  readonly redirects: readonly PathRedirect[]
  readonly tls: TlsSettings
}

export interface PathRedirect {
  readonly from: string
  readonly to: string
  readonly regexp: boolean
  readonly prefix: boolean
  readonly appendSuffix: boolean
  readonly code: 301 | 302 | 307 | 308
  /** Seconds; -1 sends no caching headers. */
  readonly expires: number
}

export interface TlsSettings {
  readonly minVersion: string | undefined
  readonly strictTransportSecurity: { readonly includeSubdomains: boolean; readonly preload: boolean } | undefined
}
