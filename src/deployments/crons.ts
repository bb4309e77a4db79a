// Crons of the format: run on time in production and everywhere else, one at a time each, and never in a deployment's way.
import type { Engine } from '#engines/engine.ts'
import type { Environment, Environments } from '#environments/environments.ts'
import type { Clock } from '#lib/clock.ts'
import { messageOf } from '#lib/errors.ts'
import { slugOf } from '#lib/ids.ts'
import type { Log } from '#lib/log.ts'
import { nextRun } from '#manifest/cron.ts'
import type { Places } from './places.ts'
import type { PlannedApplication } from './plan.ts'
import type { Processes } from './processes.ts'
import type { Releases } from './releases.ts'
import { cronOf } from './work.ts'

interface Dependencies {
  readonly engine: Engine
  readonly environments: Environments
  readonly releases: Releases
  readonly places: Places
  readonly processes: Processes
  readonly clock: Clock
  readonly log: Log
}

export interface Crons extends Disposable {
  /** Starts every cron whose time came after `since` and not after `now`. A cron that still runs is left out this time. */
  tick(since: Date, now: Date): Promise<void>
  start(): void
}

const TICK_MS = 10_000

export function createCrons(deps: Dependencies): Crons {
  const running = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let last = new Date(deps.clock.now())

  async function tick(since: Date, now: Date): Promise<void> {
    for (const environment of await deps.environments.list()) {
      if (environment.status !== 'active' || environment.release_id === null) continue
      const release = await deps.releases.get(environment.release_id)
      for (const application of release.plan.applications) {
        for (const cron of application.manifest.crons) {
          const due = nextRun(cron, since, application.manifest.timezone)
          if (due <= now) void run(environment, application, cron.name, due)
        }
      }
    }
  }

  async function run(environment: Environment, application: PlannedApplication, name: string, due: Date): Promise<void> {
    const key = `${environment.id} ${application.manifest.name} ${name}`
    const work = cronOf(application, name)
    if (work === undefined || running.has(key)) return
    running.add(key)
    try {
      const release = await deps.releases.get(environment.release_id ?? '')
      const place = await deps.places.of(environment.id, environment.deployment ?? release.id, release.plan)
      const { restart: _, ...spec } = await deps.processes.spec(place, application, work)
      const cron = application.manifest.crons.find((candidate) => candidate.name === name)
      const id = `${environment.id}-c-${slugOf(name, 16)}-${Math.floor(due.getTime() / 60_000)}`
      const result = await deps.engine.run({ ...spec, id }, { onOutput: () => undefined, timeoutMs: (cron?.timeout ?? 86_400) * 1000 })
      if (result.exitCode !== 0) deps.log.warn({ environment: environment.id, cron: name, exitCode: result.exitCode }, 'cron failed')
      await deps.engine.stop(id, 0)
    } catch (error) {
      deps.log.error({ environment: environment.id, cron: name, reason: messageOf(error) }, 'cron could not be run')
    } finally {
      running.delete(key)
    }
  }

  return {
    tick,
    start() {
      timer = setInterval(() => {
        const now = new Date(deps.clock.now())
        const since = last
        last = now
        tick(since, now).catch((error: unknown) => deps.log.error({ reason: messageOf(error) }, 'crons could not be looked at'))
      }, TICK_MS)
      timer.unref()
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
