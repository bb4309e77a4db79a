// The router as the control plane sees it: a process of its own that takes whole sites and swaps them strictly.

export interface Upstream {
  readonly host: string
  readonly port: number
}

export interface StaticRule {
  /** Directory on the router's machine; files are served only from inside it, links are not followed out of it. */
  readonly root: string | undefined
  /** Files tried for a directory. */
  readonly index: readonly string[]
  /** `false`: what is not a file is 404. `true`: it goes to the application. A path: it goes to the application as that path. */
  readonly passthru: boolean | string
  readonly allow: boolean
  /** Seconds for Cache-Control and Expires; -1 sends neither. */
  readonly expires: number
  readonly headers: Readonly<Record<string, string>>
}

export interface Location extends StaticRule {
  /** URL path prefix; the longest match wins. */
  readonly prefix: string
  /** Overrides by regular expression on the URL path, in order, first match wins. */
  readonly rules: readonly ({ readonly pattern: string } & Partial<Omit<StaticRule, 'root' | 'index'>>)[]
  /** Largest request body in bytes; over it is 413. */
  readonly maxRequestBytes: number
}

export interface PathRedirect {
  readonly from: string
  readonly to: string
  readonly regexp: boolean
  readonly prefix: boolean
  readonly appendSuffix: boolean
  readonly code: 301 | 302 | 307 | 308
  readonly expires: number
}

interface RouteBase {
  /** Host name, `*.` wildcard allowed as its first label. */
  readonly host: string
  /** Path prefix ending in `/`. */
  readonly path: string
  /** The key as the project wrote it; sent upstream as X-Original-Route. */
  readonly original: string
  readonly redirects: readonly PathRedirect[]
}

export type Route =
  | (RouteBase & { readonly kind: 'upstream'; readonly upstream: Upstream | undefined; readonly locations: readonly Location[] })
  | (RouteBase & { readonly kind: 'redirect'; readonly to: string; readonly code: 301 | 302 | 307 | 308 })
  | (RouteBase & { readonly kind: 'proxy'; readonly to: string })

export interface Site {
  /** The environment's id. */
  readonly id: string
  readonly routes: readonly Route[]
  /** Response headers added to every answer (`X-Robots-Tag`). */
  readonly headers: Readonly<Record<string, string>>
  /** Set while an environment is paused or not yet up: answered with 503 and this sentence. */
  readonly notice: string | undefined
}

export interface SiteMetrics {
  readonly requests: number
  readonly serverErrors: number
  readonly inFlight: number
}

export interface Router extends AsyncDisposable {
  /**
   * Replaces a whole site. Strict: once it resolves, no request that arrives goes to an upstream only the former site had.
   * Idempotent. A host that another site already holds is an error, and nothing changes.
   */
  apply(site: Site): Promise<void>
  remove(id: string): Promise<void>
  sites(): Promise<readonly Site[]>
  /** Resolves true when no request is in flight to this upstream any more, false after the time. */
  drained(upstream: Upstream, timeoutMs: number): Promise<boolean>
  /**
   * Requests that arrive for the site wait in order until `release`; beyond `maxRequests` they are 503 at once.
   * The hold ends by itself `maxMs` after this call: whoever waits then gets 503, and later requests pass.
   * With `writesOnly` GET, HEAD and OPTIONS go on. Held again, the time counts from anew.
   */
  hold(id: string, options: { maxMs: number; maxRequests: number; writesOnly?: boolean }): Promise<void>
  release(id: string): Promise<void>
  metrics(id: string): Promise<SiteMetrics>
  /** The address the outside world reaches. */
  address(): Promise<{ host: string; port: number }>
  /** Ends the router process. Disposing only closes the connection to it: it goes on serving. */
  shutdown(): Promise<void>
}
