// Pausing, resuming and deleting environments, and bringing back after a restart of the machine what ran before it.
import type { Activity, Handler } from '#activities/activities.ts'
import type { ActivityLog } from '#activities/log.ts'
import type { Engine } from '#engines/engine.ts'
import type { Environment, Environments } from '#environments/environments.ts'
import { messageOf } from '#lib/errors.ts'
import type { Log } from '#lib/log.ts'
import type { Router } from '#router/router.ts'
import type { Snapshots } from '#snapshots/snapshots.ts'
import { waitHealthy } from './health.ts'
import type { Places } from './places.ts'
import type { Place, Processes } from './processes.ts'
import type { Releases } from './releases.ts'
import { removeEnvironment, stopEverything } from './remove.ts'
import type { ServiceHost } from './services.ts'
import { webOf, workersOf } from './work.ts'

interface Dependencies {
  readonly engine: Engine
  readonly router: Router
  readonly snapshots: Snapshots
  readonly environments: Environments
  readonly releases: Releases
  readonly services: ServiceHost
  readonly processes: Processes
  readonly places: Places
  readonly git: { deleteRef(projectId: string, ref: string): Promise<void> }
  readonly log: Log
}

export interface Lifecycle {
  readonly pause: Handler
  readonly resume: Handler
  readonly remove: Handler
  /** Starts what an active environment should run and does not, and tells the router. For the start of the control plane. */
  restore(): Promise<void>
  /**
   * Ends processes and networks that belong to no environment and to no activity under way, and takes away environments that were
   * named and then never begun.
   */
  sweep(underway: readonly Activity[]): Promise<void>
}

const HEALTH_LIMIT_MS = 60_000

export function createLifecycle(deps: Dependencies): Lifecycle {
  const { engine, environments, router, places, processes } = deps

  async function placeOf(environment: Environment): Promise<Place> {
    const release = await deps.releases.current(environment)
    return places.of(environment.id, environment.deployment ?? release.id, release.plan)
  }

  async function bringUp(environment: Environment, log: ActivityLog): Promise<void> {
    await engine.ensureNetwork({ id: environment.id, outbound: environment.outbound })
    const place = await placeOf(environment)
    await deps.services.start(environment, place.volume, place.plan.services, log)
    await deps.services.settle(environment, place.plan.services, log)
    for (const application of place.plan.applications) {
      const web = webOf(application)
      for (const work of [...(web === undefined ? [] : [web]), ...workersOf(application)]) {
        await engine.start(await processes.spec(place, application, work))
      }
    }
    for (const application of place.plan.applications) {
      const web = webOf(application)
      if (web === undefined) continue
      const id = processes.idOf(place, application.manifest.name, web)
      const endpoint = await processes.endpoint(place, application)
      const health = await waitHealthy({
        endpoint,
        host: places.hostOf(place),
        timeoutMs: HEALTH_LIMIT_MS,
        status: () => engine.status(id),
      })
      if (!health.ok) log.line(`W: ${application.manifest.name} is not healthy: ${health.reason}`)
    }
    await router.apply(await places.siteOf(place))
  }

  return {
    pause: async ({ activity, phase, log }) => {
      await phase('pause', async () => {
        const environment = await environments.byId(activity.environment_id ?? '')
        const place = await placeOf(environment)
        log.line(`Pausing environment ${environment.branch}`)
        await router.apply(await places.siteOf(place, `The environment ${environment.branch} is paused.`))
        await stopEverything(engine, environment)
        await engine.removeNetwork(environment.id)
        await environments.update(environment.id, { status: 'paused' })
      })
    },
    resume: async ({ activity, phase, log }) => {
      await phase('resume', async () => {
        const environment = await environments.byId(activity.environment_id ?? '')
        log.line(`Resuming environment ${environment.branch}`)
        await bringUp(environment, log)
        await environments.update(environment.id, { status: 'active' })
      })
    },
    remove: async ({ activity, phase, log }) => {
      await phase('delete', async () => {
        const environment = (await environments.list(activity.project_id)).find(({ id }) => id === activity.environment_id)
        if (environment === undefined) return
        log.line(`Deleting environment ${environment.branch}`)
        await deps.git.deleteRef(activity.project_id, `refs/heads/${environment.branch}`)
        await removeEnvironment(deps, environment)
      })
    },
    async restore() {
      for (const environment of await environments.list()) {
        if (environment.status !== 'active' || environment.release_id === null) continue
        try {
          await bringUp(environment, quietLog)
        } catch (error) {
          deps.log.error(
            { environment: environment.id, branch: environment.branch, reason: messageOf(error) },
            'environment could not be brought back',
          )
        }
      }
    },
    async sweep(underway) {
      const activities = new Set(underway.map(({ id }) => id))
      const awaited = new Set(underway.map(({ environment_id: id }) => id))
      for (const environment of await environments.list()) {
        if (environment.status === 'new' && !awaited.has(environment.id)) await removeEnvironment(deps, environment)
      }
      const known = new Map((await environments.list()).map((environment) => [environment.id, environment]))
      for (const { id, labels } of await engine.list()) {
        const environment = known.get(labels['environment'] ?? '')
        const deployment = labels['deployment']
        const belongs =
          labels['environment'] === undefined ||
          (environment !== undefined && (deployment === undefined || deployment === environment.deployment || activities.has(deployment)))
        if (!belongs) await engine.stop(id)
      }
      for (const network of await engine.networks()) {
        if (!network.startsWith('build-') && !known.has(network)) await engine.removeNetwork(network)
      }
    },
  }
}

/** Restoring has no activity; what matters of it is in Friday's own log. */
const quietLog: ActivityLog = { line: () => undefined, output: () => undefined, hide: () => undefined, flush: async () => undefined }
