// The applications behind the router: one connection pool each, and how many requests are on their way to them.
import { isIP } from 'node:net'
import { buildConnector, Client, Pool } from 'undici'
import type { Route, Upstream } from '#router/router.ts'
import { isPublic, publicOnly } from './public-addresses.ts'

export interface Backend {
  /** `host:port` of an application, or the origin of a proxied site. */
  readonly key: string
  readonly pool: Pool
  /** A connection of its own, for a request whose kept-alive one turned out dead. */
  fresh(): Client
  inFlight: number
  /** Called when `inFlight` falls to zero. */
  readonly idle: Set<() => void>
}

const options = {
  pipelining: 1,
  connectTimeout: 5_000,
  headersTimeout: 300_000,
  // An event stream may be silent for as long as it likes.
  bodyTimeout: 0,
  keepAliveTimeout: 4_000,
  keepAliveMaxTimeout: 60_000,
} satisfies Client.Options

// Long polls and event streams hold a connection each, so this only guards the router's file descriptors.
const CONNECTIONS = 4096

const connector = buildConnector({ timeout: options.connectTimeout, lookup: publicOnly })

// An address written as such is never looked up, so it is judged here.
function connectOutside(to: buildConnector.Options, connected: buildConnector.Callback): void {
  const bare = to.hostname.replace(/^\[|\]$/g, '')
  if (isIP(bare) === 0 || isPublic(bare)) return void connector(to, connected)
  connected(Object.assign(new Error(`${bare} is not a public address`), { code: 'EACCES' }), null)
}

export class Upstreams {
  readonly #backends = new Map<string, Backend>()
  readonly #anyAddress: boolean
  #kept: ReadonlySet<string> = new Set()

  /** `anyAddress`: proxy routes may lead to private addresses too. */
  constructor({ anyAddress }: { anyAddress: boolean }) {
    this.#anyAddress = anyAddress
  }

  /** The one backend this route leads to, made at its first use. Undefined for a route that leads to none. */
  backend(route: Route): Backend | undefined {
    const key = keyOfRoute(route)
    if (key === undefined) return undefined
    const known = this.#backends.get(key)
    if (known !== undefined) return known
    const outside = route.kind === 'proxy' && !this.#anyAddress
    const settings = outside ? { ...options, connect: connectOutside } : options
    const origin = route.kind === 'proxy' ? key : `http://${key}`
    const backend: Backend = {
      key,
      pool: new Pool(origin, { ...settings, connections: CONNECTIONS }),
      fresh: () => new Client(origin, settings),
      inFlight: 0,
      idle: new Set(),
    }
    this.#backends.set(key, backend)
    return backend
  }

  end(backend: Backend): void {
    backend.inFlight--
    if (backend.inFlight > 0) return
    for (const done of backend.idle) done()
    if (!this.#kept.has(backend.key)) this.#drop(backend)
  }

  /** True when nothing is in flight to it any more, false after `timeoutMs` or when the asker is gone. */
  async drained(upstream: Upstream, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const backend = this.#backends.get(keyOf(upstream))
    if (backend === undefined || backend.inFlight === 0) return true
    if (signal.aborted) return false
    return new Promise((resolve) => {
      function settle(drained: boolean): void {
        clearTimeout(timer)
        backend?.idle.delete(onIdle)
        signal.removeEventListener('abort', onAbort)
        resolve(drained)
      }
      const onIdle = (): void => settle(true)
      const onAbort = (): void => settle(false)
      const timer = setTimeout(onAbort, timeoutMs)
      backend.idle.add(onIdle)
      signal.addEventListener('abort', onAbort)
    })
  }

  /** From now on only these routes are led to: other backends close, those still in use behind their last request. */
  keepOnly(routes: Iterable<Route>): void {
    const kept = new Set<string>()
    for (const route of routes) {
      const key = keyOfRoute(route)
      if (key !== undefined) kept.add(key)
    }
    this.#kept = kept
    for (const backend of this.#backends.values()) if (backend.inFlight === 0 && !kept.has(backend.key)) this.#drop(backend)
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#backends.values()].map(({ pool }) => pool.destroy()))
  }

  #drop(backend: Backend): void {
    if (this.#backends.get(backend.key) === backend) this.#backends.delete(backend.key)
    backend.pool.destroy().catch(() => undefined)
  }
}

function keyOf({ host, port }: Upstream): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}

function keyOfRoute(route: Route): string | undefined {
  if (route.kind === 'proxy') return new URL(route.to).origin
  return route.kind === 'upstream' && route.upstream !== undefined ? keyOf(route.upstream) : undefined
}
