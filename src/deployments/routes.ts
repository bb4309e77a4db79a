// From the routes a project wrote to what the router serves for one environment. Pure.
import { slugOf } from '#lib/ids.ts'
import type { RouteDefinition } from '#manifest/project.ts'

export interface RouteContext {
  /** Host of the environment: `main.shop.localhost`. */
  readonly defaultHost: string
  /** Production keeps the hosts the project names; every other environment serves them below its own. */
  readonly production: boolean
  /** Port at which the router is reached; 80 is left out of addresses. */
  readonly port: number
}

export interface ResolvedRoute {
  readonly definition: RouteDefinition
  readonly host: string
  readonly path: string
  readonly url: string
}

/**
 * Hosts and addresses of every route. Friday's router speaks plain HTTP, so an http and an https key for one address are the
 * same route: the one that serves wins over the one that only redirects to it.
 */
export function resolveRoutes(routes: readonly RouteDefinition[], context: RouteContext): ResolvedRoute[] {
  const resolved = routes.map((definition): ResolvedRoute => {
    const host = hostOf(definition.host, context)
    return { definition, host, path: definition.path, url: addressOf(host, definition.path, context) }
  })
  const byAddress = new Map<string, ResolvedRoute>()
  for (const route of resolved) {
    const present = byAddress.get(route.url)
    if (present === undefined || rank(route, context) > rank(present, context)) byAddress.set(route.url, route)
  }
  return [...byAddress.values()]
}

/** PLATFORM_ROUTES: every address with what answers it. */
export function platformRoutes(routes: readonly ResolvedRoute[], context: RouteContext): Record<string, unknown> {
  const primary = primaryOf(routes)
  return Object.fromEntries(
    routes.map(({ definition, url }) => [
      url,
      {
        primary: url === primary?.url,
        id: definition.id ?? null,
        attributes: definition.attributes,
        type: definition.type,
        original_url: definition.original,
        ...(definition.type === 'upstream'
          ? { upstream: definition.upstream?.name }
          : { to: redirectTarget(definition.to ?? '/', context) }),
      },
    ]),
  )
}

/** The route a person is sent to: the one marked primary, else the first that an application answers. */
export function primaryOf(routes: readonly ResolvedRoute[]): ResolvedRoute | undefined {
  return (
    routes.find(({ definition }) => definition.primary === true) ??
    routes.find(({ definition }) => definition.type === 'upstream') ??
    routes[0]
  )
}

/** The address a redirect leads to, with `{default}` and the project's own hosts resolved as in routes. */
export function redirectTarget(to: string, context: RouteContext): string {
  const parts = /^https?:\/\/([^/]+)(\/.*)?$/.exec(to)
  if (parts === null) return to
  const host = parts[1] ?? ''
  return host.includes('{default}') || host.includes('{all}') ? addressOf(hostOf(host, context), parts[2] ?? '/', context) : to
}

export function addressOf(host: string, path: string, { port }: Pick<RouteContext, 'port'>): string {
  return `http://${host}${port === 80 ? '' : `:${port}`}${path}`
}

function hostOf(template: string, { defaultHost, production }: RouteContext): string {
  if (template.includes('{default}')) return template.replace('{default}', defaultHost)
  if (template.includes('{all}')) return template.replace('{all}', defaultHost)
  if (production) return template.toLowerCase()
  const wildcard = template.startsWith('*.') ? '*.' : ''
  return `${wildcard}${slugOf(template.slice(wildcard.length).toLowerCase().replaceAll('.', '-'), 40)}.${defaultHost}`
}

function rank({ definition, url }: ResolvedRoute, context: RouteContext): number {
  if (definition.type === 'upstream') return 2
  return redirectTarget(definition.to ?? '/', context) === url ? 0 : 1
}
