// The site that the router serves for a release: its routes with the addresses of the processes behind them. Pure.
import type { Environment } from '#environments/environments.ts'
import type { WebLocation } from '#manifest/project.ts'
import type { Location, Route, Site, Upstream } from '#router/router.ts'
import type { PlannedApplication } from './plan.ts'
import { redirectTarget, type ResolvedRoute, type RouteContext } from './routes.ts'

export interface SiteInputs {
  readonly environment: Pick<Environment, 'id' | 'type'>
  readonly routes: readonly ResolvedRoute[]
  readonly context: RouteContext
  readonly applications: readonly PlannedApplication[]
  /** Address of each application's web process; none for one that only serves files. */
  readonly upstreams: ReadonlyMap<string, Upstream>
  /** Folder of each application's artifact on the router's machine. */
  readonly artifacts: ReadonlyMap<string, string>
  readonly notice?: string
}

export function siteOf({ environment, routes, context, applications, upstreams, artifacts, notice }: SiteInputs): Site {
  return {
    id: environment.id,
    // Only production is for search engines.
    headers: environment.type === 'production' ? {} : { 'X-Robots-Tag': 'noindex, nofollow' },
    notice,
    routes: routes.flatMap((route): Route[] => {
      const { definition } = route
      const base = { host: route.host, path: route.path, original: definition.original, redirects: definition.redirects }
      if (definition.type === 'redirect')
        return [{ ...base, kind: 'redirect', to: redirectTarget(definition.to ?? '/', context), code: 301 }]
      if (definition.type === 'proxy') return [{ ...base, kind: 'proxy', to: definition.to ?? '' }]
      const application = applications.find(({ manifest }) => manifest.name === definition.upstream?.name)
      if (application === undefined) return []
      const name = application.manifest.name
      const locations = (application.manifest.web?.locations ?? []).map((location) => locationOf(location, artifacts.get(name) ?? ''))
      return [{ ...base, kind: 'upstream', upstream: upstreams.get(name), locations }]
    }),
  }
}

function locationOf(location: WebLocation, artifact: string): Location {
  return {
    prefix: location.path,
    root: location.root === undefined ? undefined : `${artifact}/${location.root}`.replace(/\/+$/, ''),
    index: location.index,
    passthru: location.passthru,
    allow: location.allow,
    expires: location.expires,
    headers: location.headers,
    rules: location.rules,
    maxRequestBytes: location.maxRequestBytes,
  }
}
