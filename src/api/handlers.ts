// What each operation of the API does, in terms of the domains.
import type { Activities, Activity } from '#activities/activities.ts'
import type { Database } from '#db/database.ts'
import type { DeployInput } from '#deployments/deploy.ts'
import type { Places } from '#deployments/places.ts'
import { parentEnvironment } from '#deployments/pushes.ts'
import type { Releases } from '#deployments/releases.ts'
import type { ServiceHost } from '#deployments/services.ts'
import type { Engine } from '#engines/engine.ts'
import { fail as environmentFail, type Environment, type Environments } from '#environments/environments.ts'
import { type Project, type Projects } from '#projects/projects.ts'
import { diff } from '#systems/diff.ts'
import { LAYERS } from '#systems/layers.ts'
import { sentence } from '#systems/sentences/sentence.ts'
import { sameLayers } from '#systems/system.ts'
import type { Volumes } from '#volumes/volumes.ts'
import type * as models from './contract/models.ts'
import type { Caller, Handlers } from './server.ts'

interface Dependencies {
  readonly db: Database
  readonly projects: Projects
  readonly environments: Environments
  readonly activities: Activities
  readonly releases: Releases
  readonly services: ServiceHost
  readonly places: Places
  readonly engine: Engine
  readonly volumes: Volumes
  readonly version: string
  readonly embeddedDatabase: boolean
  readonly apiUrl: () => string
  readonly routerUrl: () => string
  /** Ends this Friday and everything it runs, after the answer has been sent. */
  readonly shutdown: () => void
}

/** What a user should know of this version, shown by `friday status`. */
const LIMITS = [
  'A branch gets its parent’s data as it is: this version does not scrub it. Use it with data that your developers may see.',
  'The router speaks plain HTTP; put a TLS proxy before it for the outside world.',
]

export function createHandlers(deps: Dependencies): Handlers {
  const { projects, environments, activities } = deps

  async function find({ project: name, environment }: { project: string; environment: string }) {
    const project = await projects.get(name)
    return { project, environment: await environments.get(project, environment) }
  }

  async function act(
    type: Parameters<Activities['create']>[0]['type'],
    place: { project: Project; environment: Environment },
    caller: Caller,
    input: object = {},
  ) {
    const activity = await activities.create({
      projectId: place.project.id,
      environmentId: place.environment.id,
      type,
      actor: caller.user.name,
      input,
    })
    return activityModel(activity, place.project.name, place.environment.branch)
  }

  async function environmentModel(project: Project, environment: Environment, all: readonly Environment[]): Promise<models.Environment> {
    const release = environment.release_id === null ? undefined : await deps.releases.get(environment.release_id)
    return {
      id: environment.id,
      project: project.name,
      branch: environment.branch,
      slug: environment.slug,
      type: environment.type,
      status: environment.status,
      parent: all.find(({ id }) => id === environment.parent_id)?.branch ?? null,
      outbound: environment.outbound,
      urls: release === undefined ? [] : deps.places.urlsOf(project, environment, release.plan),
      release:
        release === undefined
          ? null
          : { id: release.id, number: release.number, commit: release.commit, system: release.system?.hash ?? null },
      createdAt: environment.created_at.toISOString(),
    }
  }

  async function dataModel(environment: Environment): Promise<models.EnvironmentDetail['data']> {
    if (environment.volume === null || environment.release_id === null) return null
    const { plan } = await deps.releases.get(environment.release_id)
    const usage = await deps.volumes.usage(environment.volume)
    const { from, of, at } = environment.lineage
    return {
      rows: await rowsOf(environment, plan.services),
      ...usage,
      from: from === 'clone' ? `cloned from ${of} at ${at}` : 'began empty',
    }
  }

  async function rowsOf(environment: Environment, planned: Parameters<ServiceHost['instances']>[1]): Promise<number | null> {
    if (environment.status !== 'active') return null
    const instances = await deps.services.instances(environment, planned)
    const sizes = await Promise.all(instances.map(({ driver, instance }) => driver.size(instance).catch(() => undefined)))
    return sizes.some((size) => size === undefined) ? null : sizes.reduce((sum, size) => sum + (size?.rows ?? 0), 0)
  }

  return {
    async status(_, { user }) {
      const capacity = await deps.volumes.capacity()
      return {
        version: deps.version,
        user: user.name,
        engine: { name: deps.engine.name, limits: [...deps.engine.limits] },
        volumes: { name: deps.volumes.name, limits: [...deps.volumes.limits], freeBytes: capacity.freeBytes + capacity.growableBytes },
        database: deps.embeddedDatabase ? ('embedded' as const) : ('external' as const),
        router: deps.routerUrl(),
        limits: LIMITS,
        projects: (await projects.list()).length,
        environments: (await environments.list()).length,
      }
    },
    async shutdown() {
      deps.shutdown()
      return { stopping: true }
    },
    createProject: async (input) => projectModel(await projects.create(input), deps.apiUrl()),
    listProjects: async () => (await projects.list()).map((project) => projectModel(project, deps.apiUrl())),
    getProject: async ({ project }) => projectModel(await projects.get(project), deps.apiUrl()),
    async deleteProject({ project: name }, caller) {
      const project = await projects.get(name)
      // Children go before the environments they came from.
      for (const environment of (await environments.list(project.id)).toReversed()) {
        const { id } = await act('environment.delete', { project, environment }, caller)
        const ended = await activities.finished(id)
        if (ended.result !== 'success')
          throw environmentFail('not_allowed', `The environment ${environment.branch} could not be deleted: ${ended.failure?.message}`)
      }
      await projects.forget(project.id)
      return { deleted: project.name }
    },
    async listEnvironments({ project: name }) {
      const project = await projects.get(name)
      const all = await environments.list(project.id)
      return Promise.all(all.map((environment) => environmentModel(project, environment, all)))
    },
    async createEnvironment({ project: name, branch, parent: parentName, outbound }, caller) {
      const project = await projects.get(name)
      if ((await environments.find(project, branch)) !== undefined)
        throw environmentFail('exists', `There is an environment ${branch} already`)
      const parent = await parentEnvironment(environments, project, parentName)
      const { commit } = await deps.releases.current(parent)
      const environment = await environments.ensure(project, branch, { parent })
      if (outbound !== undefined) await environments.update(environment.id, { outbound })
      const input: DeployInput = { commit }
      return act('environment.create', { project, environment }, caller, input)
    },
    async getEnvironment(input) {
      const { project, environment } = await find(input)
      const model = await environmentModel(project, environment, await environments.list(project.id))
      const own = (await deps.engine.list()).filter(({ labels }) => labels['environment'] === environment.id)
      return {
        ...model,
        data: await dataModel(environment),
        processes: own.map((process) => ({
          id: process.id,
          name: process.labels['name'] ?? process.id,
          role: process.labels['role'] ?? '',
          state: process.state,
          restarts: process.restarts,
          startedAt: process.startedAt.toISOString(),
        })),
      }
    },
    async deleteEnvironment(input, caller) {
      const place = await find(input)
      if (place.environment.type === 'production') throw environmentFail('production', `${place.environment.branch} is production`)
      return act('environment.delete', place, caller)
    },
    async redeploy(input, caller) {
      const place = await find(input)
      environments.check(place.environment, 'redeploy')
      const { commit } = await deps.releases.current(place.environment)
      return act('environment.redeploy', place, caller, { commit, before: null } satisfies DeployInput)
    },
    async pause(input, caller) {
      const place = await find(input)
      environments.check(place.environment, 'pause')
      return act('environment.pause', place, caller)
    },
    async resume(input, caller) {
      const place = await find(input)
      environments.check(place.environment, 'resume')
      return act('environment.resume', place, caller)
    },
    async listActivities({ project: name, environment: branch, limit }) {
      const project = await projects.get(name)
      const all = new Map((await environments.list(project.id)).map((environment) => [environment.id, environment.branch]))
      const environment = branch === undefined ? undefined : await environments.get(project, branch)
      const found = await activities.list({
        projectId: project.id,
        ...(environment && { environmentId: environment.id }),
        ...(limit && { limit }),
      })
      return found.map((activity) => activityModel(activity, project.name, all.get(activity.environment_id ?? '') ?? null))
    },
    async getActivity({ activity: id }) {
      const activity = await activities.get(id)
      const project = await projects.get(activity.project_id)
      const environment = (await environments.list(project.id)).find((candidate) => candidate.id === activity.environment_id)
      return activityModel(activity, project.name, environment?.branch ?? null)
    },
    async diff({ project: name, before, after }) {
      const project = await projects.get(name)
      const [a, b] = await Promise.all([before, after].map(async (branch) => deps.releases.system(await environments.get(project, branch))))
      if (a === undefined || b === undefined) throw environmentFail('unknown', 'Two environments are needed')
      const changes = diff(a, b)
      const same = sameLayers(a, b)
      return {
        before,
        after,
        layers: LAYERS.map((layer) => ({
          layer,
          alike: same[layer],
          changes: changes
            .filter((change) => change.layer === layer)
            .map((change) => ({ path: change.path.join('/'), kind: change.kind, sentence: sentence(change, b) })),
        })),
      }
    },
  }
}

function projectModel(project: Project, apiUrl: string): models.Project {
  return {
    id: project.id,
    name: project.name,
    title: project.title,
    defaultBranch: project.default_branch,
    gitUrl: `${apiUrl}/${project.name}.git`,
    createdAt: project.created_at.toISOString(),
  }
}

function activityModel(activity: Activity, project: string, environment: string | null): models.Activity {
  return {
    id: activity.id,
    project,
    environment,
    type: activity.type,
    actor: activity.actor,
    state: activity.state,
    result: activity.result,
    failure: activity.failure,
    phases: [...activity.phases],
    createdAt: activity.created_at.toISOString(),
    startedAt: activity.started_at?.toISOString() ?? null,
    completedAt: activity.completed_at?.toISOString() ?? null,
  }
}
