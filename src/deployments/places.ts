// Where a deployment takes place: the environment with its data, addresses and the site that the router serves for it.
import type { Builds } from '#builds/builds.ts'
import type { Engine } from '#engines/engine.ts'
import type { Environment, Environments } from '#environments/environments.ts'
import type { Project, Projects } from '#projects/projects.ts'
import type { Site } from '#router/router.ts'
import type { Snapshots } from '#snapshots/snapshots.ts'
import type { Plan } from './plan.ts'
import type { Place, Processes } from './processes.ts'
import { platformRoutes, primaryOf, resolveRoutes, type RouteContext } from './routes.ts'
import { siteOf } from './site.ts'
import { webOf } from './work.ts'

export interface Places {
  of(environmentId: string, deployment: string, plan: Plan): Promise<Place>
  siteOf(place: Place, notice?: string): Promise<Site>
  /** Host of the environment's primary address. */
  hostOf(place: Pick<Place, 'project' | 'environment'>): string
  /** Addresses of an environment, the primary one first. */
  urlsOf(project: Project, environment: Environment, plan: Plan): string[]
  /** Lines for a log: what serves which address. */
  describe(place: Place): string[]
}

interface Dependencies {
  readonly projects: Projects
  readonly environments: Environments
  readonly snapshots: Snapshots
  readonly builds: Builds
  readonly engine: Engine
  readonly processes: Processes
  readonly domain: string
  readonly routerPort: () => number
}

export function createPlaces(deps: Dependencies): Places {
  const contextOf = (project: Project, environment: Environment): RouteContext => ({
    defaultHost: `${environment.slug}.${project.name}.${deps.domain}`,
    production: environment.type === 'production',
    port: deps.routerPort(),
  })
  const routesOf = (project: Project, environment: Environment, plan: Plan) =>
    resolveRoutes(plan.manifest.routes, contextOf(project, environment))

  return {
    async of(environmentId, deployment, plan) {
      const environment = await deps.environments.byId(environmentId)
      const project = await deps.projects.get(environment.project_id)
      const routes = platformRoutes(routesOf(project, environment, plan), contextOf(project, environment))
      return { project, environment, volume: deps.snapshots.locate(environment.volume ?? ''), deployment, plan, routes }
    },
    async siteOf(place, notice) {
      const upstreams = new Map<string, { host: string; port: number }>()
      for (const application of place.plan.applications) {
        if (webOf(application) !== undefined) upstreams.set(application.manifest.name, await deps.processes.endpoint(place, application))
      }
      return siteOf({
        environment: place.environment,
        routes: routesOf(place.project, place.environment, place.plan),
        context: contextOf(place.project, place.environment),
        applications: place.plan.applications,
        upstreams,
        artifacts: new Map(place.plan.applications.map(({ manifest, build }) => [manifest.name, deps.builds.locate(build).path])),
        ...(notice === undefined ? {} : { notice }),
      })
    },
    hostOf: ({ project, environment }) => contextOf(project, environment).defaultHost,
    urlsOf(project, environment, plan) {
      const routes = routesOf(project, environment, plan)
      const primary = primaryOf(routes)?.url
      return [...new Set([primary, ...routes.map((route) => route.url)])].flatMap((url) => (url === undefined ? [] : [url]))
    },
    describe({ project, environment, plan }) {
      return [
        '  Environment configuration',
        ...plan.applications.map(({ manifest, runtime }) => `    ${manifest.name} (type: ${runtime.name}:${runtime.version})`),
        ...plan.services.map(({ name, exact }) => `    ${name} (type: ${exact.type}:${exact.version})`),
        '  Environment routes',
        ...routesOf(project, environment, plan).map(({ definition, url }) =>
          definition.type === 'upstream'
            ? `    ${url} is served by application \`${definition.upstream?.name}\``
            : `    ${url} redirects to ${definition.to}`,
        ),
      ]
    },
  }
}
