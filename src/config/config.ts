// Friday's own settings with every default resolved: folders, addresses, drivers.
import { join, resolve } from 'node:path'
import type { Settings } from './env.ts'

export interface Config {
  readonly data: string
  readonly api: { readonly host: string; readonly port: number }
  readonly router: { readonly host: string; readonly port: number }
  readonly domain: string
  readonly engine: 'oci' | 'process'
  readonly volumes: 'btrfs' | 'reflink' | 'copy' | 'auto'
  readonly npmRegistry: string
  readonly logLevel: string
  readonly databaseUrl: string | undefined
  /** Unprivileged user that the state database and the router run as when Friday is root. */
  readonly servant: { readonly uid: number; readonly gid: number } | undefined
  readonly folders: {
    readonly state: string
    readonly engine: string
    readonly volumes: string
    readonly artifacts: string
    readonly builds: string
    readonly caches: string
    readonly packages: string
    readonly repositories: string
    readonly router: string
    readonly run: string
    readonly secrets: string
  }
}

const SERVANT_ID = 64_780

export function resolveConfig(settings: Settings, machine: { platform: string; uid: number | undefined }): Config {
  const data = resolve(settings.FRIDAY_DATA)
  const root = machine.uid === 0
  const folder = (name: string) => join(data, name)
  return {
    data,
    api: { host: settings.FRIDAY_LISTEN, port: settings.FRIDAY_PORT },
    router: { host: settings.FRIDAY_ROUTER_LISTEN, port: settings.FRIDAY_ROUTER_PORT },
    domain: settings.FRIDAY_DOMAIN,
    engine: settings.FRIDAY_ENGINE === 'auto' ? (root && machine.platform === 'linux' ? 'oci' : 'process') : settings.FRIDAY_ENGINE,
    volumes: settings.FRIDAY_VOLUMES,
    npmRegistry: settings.FRIDAY_NPM_REGISTRY,
    logLevel: settings.FRIDAY_LOG,
    databaseUrl: settings.DATABASE_URL,
    servant: root ? { uid: SERVANT_ID, gid: SERVANT_ID } : undefined,
    folders: {
      state: folder('state'),
      engine: folder('engine'),
      volumes: folder('volumes'),
      artifacts: folder('artifacts'),
      builds: folder('builds'),
      caches: folder('caches'),
      packages: folder('packages'),
      repositories: folder('repositories'),
      router: folder('router'),
      run: folder('run'),
      secrets: folder('secrets'),
    },
  }
}
