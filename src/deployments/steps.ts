// The steps of a deployment. Each may be cut off anywhere and run again: they look at what is there before they make it.
import type { ActivityContext } from '#activities/activities.ts'
import type { ActivityLog } from '#activities/log.ts'
import type { Builds } from '#builds/builds.ts'
import type { Vault } from '#config/secrets.ts'
import type { Engine, ProcessSpec } from '#engines/engine.ts'
import { fail as environmentFail, type Environments } from '#environments/environments.ts'
import { errorTable, messageOf } from '#lib/errors.ts'
import type { Projects } from '#projects/projects.ts'
import type { Router } from '#router/router.ts'
import type { Snapshots } from '#snapshots/snapshots.ts'
import type { DeployInput } from './deploy.ts'
import { waitHealthy } from './health.ts'
import type { Places } from './places.ts'
import type { Plan, PlannedApplication } from './plan.ts'
import type { Place, Processes, Work } from './processes.ts'
import type { Releases } from './releases.ts'
import { removeEnvironment } from './remove.ts'
import type { ServiceHost } from './services.ts'
import { readSystem } from './system.ts'
import { hookOf, webOf, workersOf } from './work.ts'

export const fail = errorTable('deployments', {
  hook: { status: 422, advice: 'Its last lines are above. Correct it and push again.' },
  not_healthy: { status: 422, advice: 'Its last lines are above. The application must answer HTTP on $PORT with a status below 500.' },
})

/** What a deployment is to reach; kept as the result of its first step. */
export interface Goal {
  readonly environmentId: string
  readonly projectId: string
  readonly deployment: string
  readonly plan: Plan
  /** The environment has no release yet: a failure takes it away again. */
  readonly first: boolean
  readonly parentId: string | null
  readonly before: string | null | undefined
}

export interface Steps {
  read(context: ActivityContext): Promise<Goal>
  /** There will be no goal: an environment that was made for it is taken away again. */
  abandon(context: ActivityContext): Promise<void>
  build(goal: Goal, log: ActivityLog): Promise<void>
  provideData(goal: Goal, log: ActivityLog): Promise<void>
  startServices(goal: Goal, log: ActivityLog): Promise<void>
  runDeployHooks(goal: Goal, log: ActivityLog): Promise<void>
  /** The last thing `swap` does was done. */
  isServing(goal: Goal): Promise<boolean>
  start(goal: Goal, log: ActivityLog): Promise<void>
  waitHealthy(goal: Goal, log: ActivityLog): Promise<void>
  swap(goal: Goal, log: ActivityLog): Promise<void>
  record(goal: Goal, log: ActivityLog): Promise<void>
  undo(goal: Goal, log: ActivityLog): Promise<void>
  drain(goal: Goal, log: ActivityLog): Promise<void>
  runPostDeployHooks(goal: Goal, log: ActivityLog): Promise<void>
}

export interface StepDependencies {
  readonly projects: Projects
  readonly environments: Environments
  readonly builds: Builds
  readonly snapshots: Snapshots
  readonly services: ServiceHost
  readonly processes: Processes
  readonly places: Places
  readonly releases: Releases
  readonly engine: Engine
  readonly router: Router
  readonly vault: Vault
  readonly planOf: (projectId: string, commit: string, log: ActivityLog) => Promise<Plan>
  readonly buildVariables: (projectId: string, application: PlannedApplication) => Promise<Record<string, string>>
  readonly git: {
    listRefs(projectId: string, prefix: string): Promise<{ ref: string; sha: string }[]>
    /** Compare and swap; an error when the ref is not at `from`. */
    updateRef(projectId: string, ref: string, to: string, from: string | undefined): Promise<void>
  }
}

interface Web {
  readonly application: PlannedApplication
  readonly spec: ProcessSpec
}

interface Ready {
  readonly place: Place
  readonly webs: readonly Web[]
}

const HOOK_LIMIT_MS = 60 * 60 * 1000
const HEALTH_LIMIT_MS = 60_000
const DRAIN_MS = 30_000

export function createSteps(deps: StepDependencies): Steps {
  const { environments, engine, processes, services, places } = deps
  /** Of deployments whose web processes are prepared, so that starting them reads nothing twice. A restart only loses time. */
  const ready = new Map<string, Ready>()
  const placeOf = (goal: Goal) => places.of(goal.environmentId, goal.deployment, goal.plan)

  /** Runs one hook of every application that has it, in order. */
  async function runHooks(goal: Goal, hook: 'deploy' | 'postDeploy', log: ActivityLog): Promise<void> {
    const place = await placeOf(goal)
    log.hide(
      (await services.instances(place.environment, goal.plan.services)).flatMap(({ instance }) => Object.values(instance.credentials)),
    )
    for (const application of goal.plan.applications) {
      const work = hookOf(application, hook)
      if (work === undefined) continue
      log.line(`  Executing ${work.name.replace('-', '_')} hook for application ${application.manifest.name}`)
      await runHook(place, application, work, log)
    }
  }

  async function runHook(place: Place, application: PlannedApplication, work: Work, log: ActivityLog): Promise<void> {
    const { restart: _, ...spec } = await processes.spec(place, application, work)
    const result = await engine.run(spec, { onOutput: (chunk) => log.output(chunk, '    '), timeoutMs: HOOK_LIMIT_MS })
    await log.flush()
    await engine.stop(spec.id, 0)
    if (result.exitCode === 0 && !result.timedOut) return
    const how = result.timedOut
      ? `ran longer than ${HOOK_LIMIT_MS / 60_000} minutes`
      : result.outOfMemory
        ? 'ran out of memory'
        : `ended with exit code ${result.exitCode}`
    throw fail('hook', `The ${work.name.replace('-', '_')} hook of ${application.manifest.name} ${how}`)
  }

  async function websOf(place: Place): Promise<readonly Web[]> {
    const all = place.plan.applications.map(async (application) => {
      const web = webOf(application)
      return web === undefined ? [] : [{ application, spec: await processes.spec(place, application, web) }]
    })
    return (await Promise.all(all)).flat()
  }

  async function makeReady(goal: Goal): Promise<Ready> {
    const place = await placeOf(goal)
    return { place, webs: await websOf(place) }
  }

  /** Waits until every application of the new release answers. */
  async function everyHealthy(goal: Goal, place: Place, log: ActivityLog): Promise<void> {
    for (const application of goal.plan.applications) {
      const work = webOf(application)
      if (work === undefined) continue
      const id = processes.idOf(place, application.manifest.name, work)
      await runPostStart(id, application.manifest.name, work, log)
      const health = await waitHealthy({
        endpoint: await processes.endpoint(place, application),
        host: places.hostOf(place),
        timeoutMs: HEALTH_LIMIT_MS,
        status: () => engine.status(id),
      })
      if (health.ok) continue
      for await (const chunk of engine.logs(id)) log.output(chunk, `    `)
      await log.flush()
      throw fail('not_healthy', `The application ${application.manifest.name} is not healthy: ${health.reason}`)
    }
  }

  /** The project's own gate: run inside the new release's container, it has to succeed before the release gets traffic. */
  async function runPostStart(id: string, application: string, work: Work, log: ActivityLog): Promise<void> {
    if (work.postStart === undefined) return
    const session = await engine.exec(id, ['/bin/sh', '-c', work.postStart], { tty: false })
    const limit = setTimeout(() => session.kill(), HEALTH_LIMIT_MS)
    session.stdin.end()
    session.output.on('data', (chunk: Buffer) => log.output(chunk, '    '))
    const code = await session.exit.finally(() => clearTimeout(limit))
    await log.flush()
    if (code !== 0) throw fail('not_healthy', `The post_start command of ${application} ended with exit code ${code}`)
  }

  /** Ends every process of the environment that belongs to a deployment `choose` accepts. */
  async function stopProcesses(
    environmentId: string,
    choose: (deployment: string | undefined, role: string | undefined) => boolean,
  ): Promise<void> {
    const all = await engine.list()
    const chosen = all.filter(
      ({ labels }) =>
        labels['environment'] === environmentId && labels['role'] !== 'service' && choose(labels['deployment'], labels['role']),
    )
    await Promise.all(
      chosen.map(async ({ id }) => {
        await engine.stop(id)
        await engine.release(environmentId, id)
      }),
    )
  }

  return {
    async read({ activity, log }) {
      const input = activity.input as DeployInput // written by the door that created the activity
      const environment = await environments.byId(activity.environment_id ?? '')
      log.line(`${environment.release_id === null ? 'Creating' : 'Redeploying'} environment ${environment.branch}`)
      const plan =
        (await deps.releases.planOf(environment.project_id, input.commit)) ?? (await deps.planOf(environment.project_id, input.commit, log))
      const first = environment.release_id === null
      if (first && environment.type !== 'production' && environment.parent_id === null) {
        throw environmentFail('parent', `The environment ${environment.branch} has no parent to be cloned from`)
      }
      return {
        environmentId: environment.id,
        projectId: environment.project_id,
        deployment: activity.id,
        plan,
        first,
        parentId: environment.parent_id,
        before: input.before,
      }
    },

    async abandon({ activity }) {
      const environment = await environments.byId(activity.environment_id ?? '')
      if (environment.release_id === null) await removeEnvironment(deps, environment)
    },

    async build(goal, log) {
      for (const application of goal.plan.applications) {
        const { manifest, runtime, build, tree } = application
        await deps.builds.ensure(
          {
            id: build,
            projectId: goal.projectId,
            app: manifest.name,
            tree,
            commit: goal.plan.commit,
            runtime,
            flavor: manifest.build.flavor,
            dependencies: manifest.dependencies[runtime.name] ?? {},
            hook: manifest.hooks.build,
            mountPaths: [...manifest.mounts, ...manifest.workers.flatMap((worker) => worker.mounts)].map((mount) => mount.path),
            env: await deps.buildVariables(goal.projectId, application),
          },
          log,
        )
      }
    },

    async provideData(goal, log) {
      const environment = await environments.byId(goal.environmentId)
      const network = engine.ensureNetwork({ id: environment.id, outbound: environment.outbound })
      network.catch(() => undefined)
      if (environment.volume !== null) return network
      if (goal.parentId === null) {
        const volume = await deps.snapshots.empty(environment)
        await environments.update(environment.id, { volume, lineage: { from: 'empty' } })
        return network
      }
      const parent = await environments.byId(goal.parentId)
      log.line(`Creating environment ${environment.branch}, as a clone of ${parent.branch}`)
      const { plan } = await deps.releases.current(parent)
      await services.inherit(parent, environment, plan.services)
      await network
      const prepared = services.prepare(environment, deps.snapshots.homeOf(environment), goal.plan.services)
      const { volume, at } = await deps.snapshots
        .cloneOf(parent, environment, () => services.quiesce(parent, parent.status === 'active' ? plan.services : []))
        .catch(async (error: unknown) => {
          // What takes the environment away again must find all of it.
          await prepared
          throw error
        })
      await environments.update(environment.id, { volume, lineage: { from: 'clone', at: at.toISOString(), of: parent.branch } })
    },

    async startServices(goal, log) {
      const place = await placeOf(goal)
      for (const { name, exact } of goal.plan.services) log.line(`  Opening service ${name} (${exact.type} ${exact.version})`)
      const started = services.start(place.environment, place.volume, goal.plan.services, log)
      // Meanwhile the applications are prepared. What is wrong with one is said when it is started.
      const webs = websOf(place)
      const prepared = webs.then((all) => Promise.all(all.map(({ spec }) => engine.prepare(spec)))).catch(() => undefined)
      const settled = started.then(() => services.settle(place.environment, goal.plan.services, log))
      await settled.finally(() => prepared)
      ready.set(goal.deployment, { place, webs: await webs })
      await log.flush()
    },

    runDeployHooks: (goal, log) => runHooks(goal, 'deploy', log),

    isServing: async (goal) => (await environments.byId(goal.environmentId)).deployment === goal.deployment,

    async start(goal, log) {
      const { place, webs } = ready.get(goal.deployment) ?? (await makeReady(goal))
      ready.delete(goal.deployment)
      const started = webs.map(async ({ application, spec }) => {
        log.line(`  Opening application ${application.manifest.name} and its relationships`)
        await engine.start(spec)
      })
      await Promise.all([...started, ...(isOpenedEarly(goal) ? [deps.router.apply(await places.siteOf(place))] : [])])
    },

    async waitHealthy(goal, log) {
      const place = await placeOf(goal)
      const settled = await Promise.allSettled([
        everyHealthy(goal, place, log),
        deps.releases.record(goal.deployment, place.environment, goal.plan),
      ])
      for (const one of settled) if (one.status === 'rejected') throw one.reason
    },

    async swap(goal, log) {
      const place = await placeOf(goal)
      await moveRef(deps.git, goal, place.environment.branch)
      if (!isOpenedEarly(goal)) await deps.router.apply(await places.siteOf(place))
      await environments.update(goal.environmentId, { release_id: goal.deployment, deployment: goal.deployment, status: 'active' })
      log.line('  Opening environment')
      for (const line of places.describe(place)) log.line(line)
    },

    async record(goal, log) {
      const { environment } = await placeOf(goal)
      try {
        await deps.releases.describe(goal.deployment, await readSystem(deps, environment, goal.plan))
      } catch (error) {
        log.line(`W: what this release made of its system could not be read: ${messageOf(error)}; it serves all the same`)
      }
    },

    async undo(goal) {
      ready.delete(goal.deployment)
      await deps.releases.forget(goal.deployment)
      if (goal.first) return removeEnvironment(deps, await environments.byId(goal.environmentId))
      await stopProcesses(goal.environmentId, (deployment) => deployment === goal.deployment)
    },

    async drain(goal, log) {
      const place = await placeOf(goal)
      const old = (await engine.list()).filter(
        ({ labels }) =>
          labels['environment'] === goal.environmentId && labels['role'] === 'web' && labels['deployment'] !== goal.deployment,
      )
      for (const { id } of old) {
        const upstream = await engine.allocate(goal.environmentId, id)
        if (!(await deps.router.drained(upstream, DRAIN_MS)))
          log.line(`W: requests to the former release were still running after ${DRAIN_MS / 1000} s and were cut`)
      }
      // Workers do not run beside their successors: two of them would take the same job.
      await stopProcesses(goal.environmentId, (deployment) => deployment !== goal.deployment)
      for (const application of goal.plan.applications) {
        for (const work of workersOf(application)) await engine.start(await processes.spec(place, application, work))
      }
    },

    async runPostDeployHooks(goal, log) {
      try {
        await runHooks(goal, 'postDeploy', log)
      } catch (error) {
        log.line(`W: ${messageOf(error)}; the release serves already and stays`)
      }
    },
  }
}

/**
 * An environment that serves nobody yet gets its addresses while its applications start, unless the project has a gate of its own before
 * traffic.
 */
function isOpenedEarly({ first, plan }: Goal): boolean {
  return first && plan.applications.every((application) => webOf(application)?.postStart === undefined)
}

/** The branch moves with the deployment. A branch that somebody else moved meanwhile is left alone, and the deployment fails. */
async function moveRef(git: StepDependencies['git'], goal: Goal, branch: string): Promise<void> {
  if (goal.before === null) return
  const ref = `refs/heads/${branch}`
  try {
    await git.updateRef(goal.projectId, ref, goal.plan.commit, goal.before)
  } catch (error) {
    // A control plane that was cut off may have done it.
    const moved = (await git.listRefs(goal.projectId, ref)).some((known) => known.ref === ref && known.sha === goal.plan.commit)
    if (!moved) throw error
  }
}
