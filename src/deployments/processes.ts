// What runs for a release: the specs of its web processes, workers, hooks and crons, from plan and environment.
import type { Builds } from '#builds/builds.ts'
import type { Endpoint, Engine, Limits, Mount, ProcessSpec } from '#engines/engine.ts'
import type { Environment } from '#environments/environments.ts'
import { slugOf } from '#lib/ids.ts'
import { ensureFolder, within, type Location } from '#lib/location.ts'
import type { MountDefinition } from '#manifest/project.ts'
import { runView } from '#manifest/view.ts'
import type { Project } from '#projects/projects.ts'
import type { Runtime } from '#runtimes/runtime.ts'
import type { RelationshipEntry } from '#services/service.ts'
import type { Plan, PlannedApplication } from './plan.ts'
import type { ServiceHost } from './services.ts'
import { variablesOf } from './variables.ts'

/** Where one deployment's processes live: the environment, its data, and the deployment that names them. */
export interface Place {
  readonly project: Project
  readonly environment: Environment
  readonly volume: Location
  readonly deployment: string
  readonly plan: Plan
  /** PLATFORM_ROUTES of the environment. */
  readonly routes: Readonly<Record<string, unknown>>
}

export interface Work {
  readonly role: 'web' | 'worker' | 'hook' | 'cron'
  /** Name of the worker, hook or cron; the application's for its web process. */
  readonly name: string
  /** The script the project wrote, run by /bin/sh. */
  readonly script: string
  /** Run before it in the same container. */
  readonly preStart?: string | undefined
  /** Run in the container once it has been started; it must succeed before the release gets traffic. */
  readonly postStart?: string | undefined
  /** Host name to IP address, beside those of the relationships. */
  readonly additionalHosts: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  readonly mounts: readonly MountDefinition[]
  readonly relationships: readonly { readonly name: string; readonly service: string; readonly endpoint: string }[]
}

export interface Processes {
  idOf(place: Pick<Place, 'environment' | 'deployment'>, application: string, work: Pick<Work, 'role' | 'name'>): string
  /** The address of an application's web process, the same for the whole deployment. */
  endpoint(place: Place, application: PlannedApplication): Promise<Endpoint>
  spec(place: Place, application: PlannedApplication, work: Work): Promise<ProcessSpec>
}

interface Dependencies {
  readonly engine: Engine
  readonly builds: Builds
  readonly services: ServiceHost
  readonly runtimeOf: (name: string) => Runtime
}

const LIMITS: Limits = { memoryBytes: 1024 ** 3, cpus: 2, pids: 512, tmpBytes: 512 * 1024 ** 2 }

/**
 * The fixed script around every command of a project: `.environment` is sourced as the format says, then the command, which
 * arrives as an argument, replaces the shell.
 */
const WRAPPER =
  'if [ -f "$PLATFORM_APP_DIR/.environment" ]; then . "$PLATFORM_APP_DIR/.environment"; fi; if [ -n "$2" ]; then /bin/sh -c "$2" sh || exit $?; fi; exec /bin/sh -c "$1" sh'

export function createProcesses({ engine, builds, services, runtimeOf }: Dependencies): Processes {
  function idOf(place: Pick<Place, 'environment' | 'deployment'>, application: string, work: Pick<Work, 'role' | 'name'>): string {
    const what = work.role === 'web' ? 'web' : `${work.role[0]}-${slugOf(work.name, 12)}`
    return `${place.environment.id}-${place.deployment}-${slugOf(application, 16)}-${what}`
  }

  async function mountsOf(place: Place, application: PlannedApplication, work: Work): Promise<Mount[]> {
    const runtime = await runtimeOf(application.runtime.name).install(application.runtime)
    const own = work.mounts.map(async (mount): Promise<Mount> => {
      const source = within(place.volume, 'mounts', ...mountFolder(application.manifest.name, mount))
      await ensureFolder(source)
      await engine.own(place.environment.id, source)
      return { source, target: `/app/${mount.path}`, readonly: false }
    })
    return [...runtime, { source: builds.locate(application.build), target: '/app', readonly: true }, ...(await Promise.all(own))]
  }

  async function relationshipsOf(
    place: Place,
    work: Work,
  ): Promise<{ entries: Record<string, RelationshipEntry[]>; hosts: Record<string, string> }> {
    const entries: Record<string, RelationshipEntry[]> = {}
    const hosts: Record<string, string> = {}
    const wanted = new Set(work.relationships.map((relationship) => relationship.service))
    const planned = place.plan.services.filter((service) => wanted.has(service.name))
    const instances = await services.instances(place.environment, planned)
    for (const { name, service, endpoint } of work.relationships) {
      const found = instances.find(({ instance }) => instance.name === service)
      if (found === undefined) continue
      const host = engine.resolvesNames ? `${name}.internal` : found.instance.endpoint.host
      hosts[host] = found.instance.endpoint.host
      entries[name] = [{ ...found.driver.relationship(found.instance, endpoint), host, rel: endpoint, cluster: place.environment.id }]
    }
    return { entries, hosts }
  }

  return {
    idOf,
    endpoint: (place, application) =>
      engine.allocate(place.environment.id, idOf(place, application.manifest.name, { role: 'web', name: application.manifest.name })),
    async spec(place, application, work) {
      const id = idOf(place, application.manifest.name, work)
      const mounts = await mountsOf(place, application, work)
      const at = engine.paths(id, mounts)
      const { entries, hosts } = await relationshipsOf(place, work)
      const port = work.role === 'web' ? (await engine.allocate(place.environment.id, id)).port : undefined
      const variables = variablesOf({
        phase: 'run',
        project: place.project,
        application: {
          name: application.manifest.name,
          config: runView(application.manifest, { name: application.manifest.name, treeId: application.tree, appDir: at('/app') }),
          env: work.env,
          prefixed: application.manifest.variables.prefixed,
        },
        treeId: application.tree,
        appDir: at('/app'),
        environment: place.environment,
        relationships: entries,
        routes: place.routes,
        flex: place.plan.manifest.format === 'flex',
        ...(port === undefined ? {} : { port }),
      })
      return {
        id,
        network: place.environment.id,
        argv: ['/bin/sh', '-c', WRAPPER, 'sh', work.script, work.preStart ?? ''],
        cwd: at('/app'),
        env: { HOME: at('/app'), ...runtimeOf(application.runtime.name).environment(at, 'run'), ...variables },
        mounts,
        hosts: { ...work.additionalHosts, ...hosts },
        limits: LIMITS,
        restart: work.role === 'web' || work.role === 'worker' ? 'always' : 'never',
        labels: {
          role: work.role,
          environment: place.environment.id,
          deployment: place.deployment,
          application: application.manifest.name,
          name: work.name,
        },
      }
    },
  }
}

/** Folder of a mount inside the environment's volume. An empty source path is the application's whole folder. */
function mountFolder(application: string, mount: MountDefinition): string[] {
  const owner = mount.source === 'tmp' ? 'tmp' : 'kept'
  const name = mount.sourcePath === '' ? [] : [slugOf(mount.sourcePath, 40)]
  return [owner, slugOf(application, 24), ...name]
}
