// Every request passes here: its host finds a site, its path a route, and the route says what becomes of it.
import type { BlockList } from 'node:net'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '#lib/log.ts'
import type { SiteMetrics } from './router.ts'
import { directIdentity, isListed, plainAddress, proxiedIdentity, type Peer } from './core/client-identity.ts'
import { readHead, type RequestHead } from './core/headers.ts'
import { findLocation, policyFor } from './core/locations.ts'
import { isUnder, readTarget, type Target } from './core/paths.ts'
import { findRedirect, routeRedirect } from './core/redirects.ts'
import { emptyTable, findHost, findRoute, type CompiledRoute, type CompiledSite, type HostEntry, type Table } from './core/table.ts'
import { Exchange } from './exchange.ts'
import { Hold, type HoldOptions, type Waiter } from './hold.ts'
import { answerPlain, answerRedirect } from './pages.ts'
import { answerStatic, type Forward } from './static-answer.ts'
import type { Backend, Upstreams } from './upstreams.ts'

/** A request on its way through the gate. */
interface Visit {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly head: RequestHead
  readonly host: string
  readonly target: Target
  /** The bytes behind a WebSocket handshake. */
  readonly upgradeHead: Buffer | undefined
  /** 1 when an application's connection was lost and the request is made a second time. */
  attempt: number
}

interface Counters {
  requests: number
  serverErrors: number
  inFlight: number
}

/** Without a location that says otherwise. */
const DEFAULT_BODY_LIMIT = 250 * 1024 * 1024
const HOST = /^([A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)\.?(?::\d{1,5})?$/

export class Gate {
  readonly #upstreams: Upstreams
  readonly #trusted: BlockList
  readonly #log: Log
  readonly #holds = new Map<string, Hold>()
  readonly #counters = new Map<string, Counters>()
  readonly #backends = new WeakMap<CompiledRoute, Backend>()
  readonly #peers = new WeakMap<object, Peer & { host: string; identity: readonly string[] }>()
  /** Host headers as they come, found or not; forgotten at every swap. */
  #hosts = new Map<string, HostEntry | undefined>()
  #table: Table = emptyTable

  constructor({ upstreams, trusted, log }: { upstreams: Upstreams; trusted: BlockList; log: Log }) {
    this.#upstreams = upstreams
    this.#trusted = trusted
    this.#log = log
  }

  get table(): Table {
    return this.#table
  }

  /** From the next request on everything goes by this table. */
  swap(table: Table): void {
    this.#table = table
    this.#hosts = new Map()
    const routes = [...table.sites.values()].flatMap(({ site }) => site.routes)
    this.#upstreams.keepOnly(routes)
    for (const [id, counters] of this.#counters) if (counters.inFlight === 0 && !table.sites.has(id)) this.#counters.delete(id)
  }

  hold(id: string, options: HoldOptions, onEnd: () => void): void {
    const held = this.#holds.get(id)
    if (held !== undefined) return held.renew(options)
    const hold = new Hold(options, () => {
      this.#holds.delete(id)
      onEnd()
    })
    this.#holds.set(id, hold)
  }

  release(id: string): void {
    this.#holds.get(id)?.release()
  }

  releaseAll(): void {
    for (const hold of this.#holds.values()) hold.release()
  }

  metrics(id: string): SiteMetrics {
    return { ...this.#countersOf(id) }
  }

  /** Handles one request. `upgradeHead` is set for a WebSocket handshake. Never throws. */
  enter(req: IncomingMessage, res: ServerResponse, upgradeHead?: Buffer): void {
    try {
      const head = readHead(req.rawHeaders)
      const target = head.host === undefined ? undefined : targetOf(req.url ?? '', head.host)
      if (head.host === undefined || target === undefined) return answerPlain(req, res, 400, 'The request cannot be understood.')
      const entry = this.#entryOf(head.host)
      if (entry === undefined) return answerPlain(req, res, 404, 'There is no site at this address.')
      this.#count(entry.site.site.id, res)
      this.#admit({ req, res, head, host: head.host, target, upgradeHead, attempt: 0 }, entry)
    } catch (error) {
      this.#failed(req, res, error)
    }
  }

  #admit(visit: Visit, entry: HostEntry): void {
    const hold = this.#holds.get(entry.site.site.id)
    if (hold === undefined || !hold.concerns(visit.req.method, visit.upgradeHead !== undefined)) return this.#serve(visit, entry)
    const { req, res } = visit
    const busy = (): void =>
      answerPlain(req, res, 503, 'This site is being updated. Try again in a moment.', ['retry-after', '5', ...entry.site.headers])
    const waiter: Waiter = {
      resume: () => {
        res.off('close', gone)
        this.#route(visit)
      },
      expire: () => {
        res.off('close', gone)
        busy()
      },
    }
    const gone = (): void => hold.leave(waiter)
    if (!hold.add(waiter)) return busy()
    res.on('close', gone)
  }

  // Looked up anew after a wait: the site may have been swapped meanwhile.
  #route(visit: Visit): void {
    try {
      const entry = this.#entryOf(visit.host)
      if (entry === undefined) return answerPlain(visit.req, visit.res, 404, 'There is no site at this address.')
      this.#serve(visit, entry)
    } catch (error) {
      this.#failed(visit.req, visit.res, error)
    }
  }

  #serve(visit: Visit, entry: HostEntry): void {
    const { req, res, target } = visit
    const { site, headers } = entry.site
    if (site.notice !== undefined) return answerPlain(req, res, 503, site.notice, ['retry-after', '30', ...headers])
    const compiled = findRoute(entry, target.path)
    if (compiled === undefined) return answerPlain(req, res, 404, 'There is nothing at this address.', headers)
    const redirection = compiled.redirects === undefined ? undefined : findRedirect(compiled.redirects, target)
    if (redirection !== undefined) return answerRedirect(req, res, redirection, headers)
    const { route } = compiled
    switch (route.kind) {
      case 'redirect':
        return answerRedirect(req, res, { location: routeRedirect(route.to, route.path, target), code: route.code, expires: -1 }, headers)
      case 'proxy':
        return this.#forward(visit, entry.site, compiled, {
          path: proxiedPath(route.to, route.path, target),
          bodyLimit: DEFAULT_BODY_LIMIT,
        })
      case 'upstream':
        return this.#serveApplication(visit, entry.site, compiled)
    }
  }

  #serveApplication(visit: Visit, site: CompiledSite, compiled: CompiledRoute): void {
    const { req, res, target } = visit
    const unchanged = target.raw + target.query
    if (compiled.locations.length === 0) return this.#forward(visit, site, compiled, { path: unchanged, bodyLimit: DEFAULT_BODY_LIMIT })
    const location = findLocation(compiled.locations, target.path)
    if (location === undefined) return answerPlain(req, res, 404, 'There is nothing at this address.', site.headers)
    const bodyLimit = location.location.maxRequestBytes
    const policy = policyFor(location, target.path)
    if (policy.passthru === true && (location.location.root === undefined || visit.upgradeHead !== undefined)) {
      return this.#forward(visit, site, compiled, { path: unchanged, bodyLimit })
    }
    const forward: Forward = (path) => {
      if (res.destroyed) return
      this.#forward(visit, site, compiled, { path: path ?? unchanged, bodyLimit, rewritten: path !== undefined })
    }
    answerStatic({ req, res, target, headers: site.headers, locations: compiled.locations, location, policy }, forward).catch(
      (error: unknown) => this.#failed(req, res, error),
    )
  }

  #forward(visit: Visit, site: CompiledSite, compiled: CompiledRoute, to: { path: string; bodyLimit: number; rewritten?: boolean }): void {
    const { req, res, head, host, target, upgradeHead, attempt } = visit
    const backend = this.#backendOf(compiled)
    if (backend === undefined) return answerPlain(req, res, 404, 'There is nothing at this address.', site.headers)
    const bodied = head.length !== 0
    if (head.length !== undefined && head.length > to.bodyLimit)
      return answerPlain(req, res, 413, 'The request is larger than this site accepts.', site.headers)
    if (head.expects && bodied) res.writeContinue()
    const headers = [...head.pass, ...this.#identityOf(req, host), ...compiled.original]
    if (to.rewritten) headers.push('x-original-uri', target.raw + target.query)
    if (compiled.route.kind === 'proxy') headers[1] = new URL(compiled.route.to).host
    const repeatable = attempt === 0 && !bodied && upgradeHead === undefined && (req.method === 'GET' || req.method === 'HEAD')
    new Exchange(
      {
        req,
        res,
        backend,
        path: to.path,
        headers,
        added: site.headers,
        bodyLimit: bodied ? to.bodyLimit : undefined,
        upgradeHead,
        again: repeatable
          ? () => {
              visit.attempt = 1
              this.#route(visit)
            }
          : undefined,
      },
      this.#upstreams,
      this.#log,
    ).start(attempt > 0)
  }

  #entryOf(header: string): HostEntry | undefined {
    if (this.#hosts.has(header)) return this.#hosts.get(header)
    const host = HOST.exec(header)?.[1]
    const entry = host === undefined ? undefined : findHost(this.#table, host.toLowerCase())
    if (this.#hosts.size < 10_000) this.#hosts.set(header, entry)
    return entry
  }

  #backendOf(compiled: CompiledRoute): Backend | undefined {
    const known = this.#backends.get(compiled)
    if (known !== undefined) return known
    const backend = this.#upstreams.backend(compiled.route)
    if (backend !== undefined) this.#backends.set(compiled, backend)
    return backend
  }

  #identityOf(req: IncomingMessage, host: string): readonly string[] {
    let peer = this.#peers.get(req.socket)
    if (peer === undefined) {
      const address = plainAddress(req.socket.remoteAddress)
      peer = { address, tls: 'encrypted' in req.socket, trusted: isListed(this.#trusted, address), host: '', identity: [] }
      this.#peers.set(req.socket, peer)
    }
    if (peer.trusted) return proxiedIdentity(peer, host, req.rawHeaders, this.#trusted)
    if (peer.host !== host) {
      peer.host = host
      peer.identity = directIdentity(peer, host)
    }
    return peer.identity
  }

  #countersOf(id: string): Counters {
    let counters = this.#counters.get(id)
    if (counters === undefined) this.#counters.set(id, (counters = { requests: 0, serverErrors: 0, inFlight: 0 }))
    return counters
  }

  #count(id: string, res: ServerResponse): void {
    const counters = this.#countersOf(id)
    counters.requests++
    counters.inFlight++
    res.once('close', () => {
      counters.inFlight--
      if (res.statusCode >= 500) counters.serverErrors++
    })
  }

  #failed(req: IncomingMessage, res: ServerResponse, error: unknown): void {
    this.#log.error({ err: error }, 'a request failed inside the router')
    if (res.headersSent) res.destroy()
    else answerPlain(req, res, 500, 'Something went wrong on the way to this site.')
  }
}

// RFC 9112 3.2.2: an absolute target counts, but one that contradicts the Host header is somebody's trick.
function targetOf(url: string, host: string): Target | undefined {
  if (url.charCodeAt(0) === 47) return readTarget(url)
  const absolute = /^http:\/\/([^/?#@]+)(.*)$/i.exec(url)
  if (absolute === null || absolute[1]?.toLowerCase() !== host.toLowerCase()) return undefined
  const rest = absolute[2] ?? ''
  return readTarget(rest.startsWith('/') ? rest : `/${rest}`)
}

// As nginx does it: a target with a path takes the place of the route's path, one without leaves the path as it is.
function proxiedPath(to: string, routePath: string, { raw, query }: Target): string {
  const { pathname } = new URL(to)
  const hasPath = /^https?:\/\/[^/]+\//i.test(to)
  if (!hasPath) return raw + query
  const rest = isUnder(raw, routePath) ? raw.slice(routePath.length) : raw.slice(1)
  return `${pathname.endsWith('/') ? pathname : `${pathname}/`}${rest}${query}`
}
