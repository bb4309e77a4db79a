// Routes: the URL taken apart, its target found, one of them primary.
import { ADDRESS, isAddress, type WrittenRoute } from '#manifest/format/routes.ts'
import type { Application, Project, RouteDefinition } from '#manifest/project.ts'
import { quote } from '#manifest/problems.ts'
import type { Place } from '#manifest/schema/place.ts'
import type { Located, Named } from '#manifest/schema/shape.ts'
import { nearest } from '#manifest/schema/suggest.ts'
import { serves } from './web.ts'

/** Names of everything, for messages; `applications` only those that could be read. */
export interface RouteTargets {
  readonly applications: readonly Application[]
  readonly applicationNames: ReadonlySet<string>
  readonly serviceNames: ReadonlySet<string>
}

export function readRoutes(written: readonly Named<WrittenRoute>[], targets: RouteTargets): RouteDefinition[] {
  const routes: RouteDefinition[] = []
  const ids = new Set<string>()
  const addresses = new Set<string>()
  let primary: string | undefined
  for (const { name, value, place } of written) {
    const route = readRoute({ name, value, place }, targets)
    if (route === undefined) continue
    if (addresses.has(route.original)) place.error(`the route ${quote(route.original)} is there twice`)
    if (route.id !== undefined && ids.has(route.id)) place.child('id').error(`the id ${quote(route.id)} is there twice`)
    if (route.id !== undefined) ids.add(route.id)
    if (route.primary && primary !== undefined) value.primary?.place.error(`there are two primary routes, this one and ${quote(primary)}`)
    if (route.primary) primary ??= route.original
    addresses.add(route.original)
    routes.push(route)
  }
  const chosen = primary ?? routes.find(({ type }) => type === 'upstream')?.original
  return routes.map((route) => ({ ...route, primary: route.original === chosen }))
}

/** Without any routes, `https://{default}/` leads to the one application that serves something. */
export function defaultRoutes(applications: readonly Application[], place: Place): Project['routes'] {
  const serving = applications.filter(({ web }) => web !== undefined && serves(web))
  const [only] = serving
  if (only === undefined || serving.length > 1) {
    if (serving.length > 1) place.warn('there are no routes and several applications: none can be reached from outside')
    return []
  }
  return [
    {
      origin: only.origin,
      original: 'https://{default}/',
      scheme: 'https',
      host: '{default}',
      path: '/',
      id: undefined,
      attributes: {},
      primary: true,
      type: 'upstream',
      upstream: { kind: 'application', name: only.name, endpoint: 'http' },
      to: undefined,
      redirects: [],
      tls: { minVersion: undefined, strictTransportSecurity: undefined },
    },
  ]
}

function readRoute({ name, value, place }: Named<WrittenRoute>, targets: RouteTargets): RouteDefinition | undefined {
  const url = readUrl(name, place)
  const { type } = value
  if (url === undefined || type === undefined) return undefined
  const upstream = type === 'upstream' ? readUpstream(value.upstream, place, targets) : undefined
  const to = type === 'upstream' ? undefined : value.to
  if (type === 'upstream' ? value.to !== undefined : value.upstream !== undefined) {
    place.warn(`a ${type} route has no use for ${type === 'upstream' ? 'to' : 'upstream'}`)
  }
  if (type !== 'upstream' && to === undefined) place.child('to').error('this is missing', { expected: 'the address it leads to' })
  if (type === 'proxy' && to?.value.startsWith('/') === true)
    to.place.error('a proxy leads to another site', { expected: 'an address with http(s)://' })
  if (to !== undefined && !isAddress(to.value)) to.place.error(`${quote(to.value)} is not an address`, { expected: ADDRESS })
  const security = value.tls?.strict_transport_security
  return {
    origin: { file: place.at.file, line: place.at.line },
    ...url,
    id: value.id,
    attributes: Object.fromEntries((value.attributes ?? []).map((attribute) => [attribute.name, attribute.value])),
    primary: value.primary?.value ?? false,
    type,
    upstream,
    to: to?.value,
    redirects: value.redirects ?? [],
    tls: {
      minVersion: value.tls?.min_version,
      strictTransportSecurity:
        security?.enabled === true
          ? { includeSubdomains: security.include_subdomains ?? false, preload: security.preload ?? false }
          : undefined,
    },
  }
}

const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?'
const HOST = new RegExp(`^(?:\\*\\.)?(?:(?:${LABEL}\\.)*(?:\\{default\\}|\\{all\\})|${LABEL}(?:\\.${LABEL})*)$`)

function readUrl(written: string, place: Place): Pick<RouteDefinition, 'original' | 'scheme' | 'host' | 'path'> | undefined {
  const expected = 'an address like "https://www.{default}/path/"'
  const [, scheme, host = '', path = ''] = /^(https?):\/\/([^/?#\s]+)(\/[^?#\s\p{Cc}]*)?$/u.exec(written) ?? []
  if (scheme !== 'http' && scheme !== 'https') return place.error(`${quote(written)} is not a route`, { expected })
  if (/:\d+$/.test(host)) return place.error(`${quote(written)} names a port`, { expected })
  if (!HOST.test(host.toLowerCase()) || host.length > 253) return place.error(`${quote(host)} is not a host`, { expected })
  if (path.split('/').includes('..')) return place.error(`${quote(written)} has ".." in its path`, { expected })
  const closed = path.endsWith('/') ? path : `${path}/`
  return { original: `${scheme}://${host.toLowerCase()}${closed}`, scheme, host: host.toLowerCase(), path: closed }
}

function readUpstream(written: Located<string> | undefined, route: Place, targets: RouteTargets): RouteDefinition['upstream'] {
  if (written === undefined) return route.child('upstream').error('this is missing', { expected: '"application:http"' })
  const { value, place } = written
  const [name = '', endpoint = 'http', ...rest] = value.split(':')
  const names = [...targets.applicationNames]
  if (rest.length > 0) return place.error(`${quote(value)} is not an upstream`, { expected: '"application:http"' })
  if (targets.serviceNames.has(name) && !targets.applicationNames.has(name)) {
    return place.error(`Friday does not run routes to services yet, such as to ${quote(name)}`)
  }
  if (!targets.applicationNames.has(name)) {
    return place.error(`there is no application ${quote(name)}`, {
      expected: names.length <= 8 ? names.join(', ') : undefined,
      suggestion: nearest(name, names),
    })
  }
  if (endpoint !== 'http') return place.error(`an application has no endpoint ${quote(endpoint)}`, { expected: `${name}:http` })
  const application = targets.applications.find((candidate) => candidate.name === name)
  if (application !== undefined && (application.web === undefined || !serves(application.web))) {
    return place.error(`the application ${quote(name)} serves nothing`, { expected: 'web.commands.start or a location with a root in it' })
  }
  return { kind: 'application', name, endpoint }
}
