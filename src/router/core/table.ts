// The routing table: compiles whole sites, refuses what cannot work, and finds the route of a request.
import type { PathRedirect, Route, Site } from '#router/router.ts'
import { fail } from '#router/errors.ts'
import { checkHeaders } from '#router/core/headers.ts'
import { compileLocations, type CompiledLocation } from '#router/core/locations.ts'
import { isUnder } from '#router/core/paths.ts'
import { checkTarget, compileRedirects, type CompiledRedirects } from '#router/core/redirects.ts'

export interface CompiledRoute {
  readonly route: Route
  /** False when no path redirect has to be looked at. */
  readonly redirects: CompiledRedirects | undefined
  readonly locations: readonly CompiledLocation[]
  /** X-Original-Route, as a flat header list. */
  readonly original: readonly string[]
}

export interface CompiledSite {
  readonly site: Site
  /** The site's headers as a flat list. */
  readonly headers: readonly string[]
  /** Longest path first, by host. */
  readonly hosts: ReadonlyMap<string, readonly CompiledRoute[]>
}

export interface Table {
  readonly sites: ReadonlyMap<string, CompiledSite>
  readonly exact: ReadonlyMap<string, HostEntry>
  /** By what follows the star: `*.example.com` lies under `.example.com`. */
  readonly wildcard: ReadonlyMap<string, HostEntry>
}

export interface HostEntry {
  readonly site: CompiledSite
  readonly routes: readonly CompiledRoute[]
}

export const emptyTable: Table = { sites: new Map(), exact: new Map(), wildcard: new Map() }

/** The table with this site in place of its former self. Throws when a host belongs to another site or a part cannot work. */
export function withSite(table: Table, site: Site): Table {
  return build(new Map(table.sites).set(site.id, compileSite(site)), site.id)
}

export function withoutSite(table: Table, id: string): Table {
  const sites = new Map(table.sites)
  sites.delete(id)
  return build(sites)
}

export function tableOf(sites: readonly Site[]): Table {
  return build(new Map(sites.map((site) => [site.id, compileSite(site)])))
}

/** `host` in lower case without port. Exact beats wildcard, a longer wildcard a shorter one. */
export function findHost({ exact, wildcard }: Table, host: string): HostEntry | undefined {
  const found = exact.get(host)
  if (found !== undefined || wildcard.size === 0) return found
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) {
    const entry = dot === 0 ? undefined : wildcard.get(host.slice(dot))
    if (entry !== undefined) return entry
  }
  return undefined
}

export function findRoute({ routes }: HostEntry, path: string): CompiledRoute | undefined {
  for (const compiled of routes) if (isUnder(path, compiled.route.path)) return compiled
  return undefined
}

function build(sites: ReadonlyMap<string, CompiledSite>, changed?: string): Table {
  const exact = new Map<string, HostEntry>()
  const wildcard = new Map<string, HostEntry>()
  for (const [id, site] of sites) {
    for (const [host, routes] of site.hosts) {
      const map = host.startsWith('*.') ? wildcard : exact
      const key = host.startsWith('*.') ? host.slice(1) : host
      const other = map.get(key)
      if (other !== undefined) {
        const [asking, holding] = id === changed ? [id, other.site.site.id] : [other.site.site.id, id]
        throw fail('host_taken', `The host ${host} of site ${asking} already belongs to site ${holding}`, {
          host,
          site: asking,
          holder: holding,
        })
      }
      map.set(key, { site, routes })
    }
  }
  return { sites, exact, wildcard }
}

function compileSite(site: Site): CompiledSite {
  checkHeaders(site.headers, `site ${site.id}`)
  const hosts = new Map<string, CompiledRoute[]>()
  for (const route of site.routes) {
    const where = `site ${site.id}, route ${route.original}`
    const host = route.host.toLowerCase()
    if (!HOST.test(host))
      throw fail('bad_site', `${where}: ${JSON.stringify(route.host)} is not a host name, or its wildcard is not the whole first label`)
    if (!route.path.startsWith('/') || !route.path.endsWith('/'))
      throw fail('bad_site', `${where}: the path ${route.path} does not start and end with /`)
    const routes = hosts.get(host) ?? []
    if (routes.some((other) => other.route.path === route.path)) throw fail('bad_site', `${where}: ${host}${route.path} is routed twice`)
    hosts.set(host, [...routes, compileRoute(route, where)])
  }
  for (const routes of hosts.values()) routes.sort((a, b) => b.route.path.length - a.route.path.length)
  return { site, headers: Object.entries(site.headers).flat(), hosts }
}

const HOST = /^(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/

function compileRoute(route: Route, where: string): CompiledRoute {
  if (route.kind === 'redirect') checkTarget(route.to, where)
  if (route.kind === 'proxy' && !URL.canParse(route.to))
    throw fail('bad_site', `${where}: ${JSON.stringify(route.to)} is not a URL to proxy to`)
  if (route.kind === 'proxy' && !/^https?:/i.test(route.to))
    throw fail('bad_site', `${where}: only http and https can be proxied to, not ${route.to}`)
  if (/[^\x20-\x7e]/.test(route.original)) throw fail('bad_site', `${where}: the route’s key holds characters a header cannot carry`)
  return {
    route,
    redirects: compiledRedirects(route.redirects, where),
    locations: route.kind === 'upstream' ? compileLocations(route.locations, where) : [],
    original: ['x-original-route', route.original],
  }
}

function compiledRedirects(redirects: readonly PathRedirect[], where: string): CompiledRedirects | undefined {
  return redirects.length === 0 ? undefined : compileRedirects(redirects, where)
}
