// The system a deployment brings about: all eight layers, from the plan, the artifacts and what the services really hold.
import type { Vault } from '#config/secrets.ts'
import type { Builds } from '#builds/builds.ts'
import type { Environment } from '#environments/environments.ts'
import { treeOf, type LayerInput } from '#systems/input.ts'
import { buildSystem, type System } from '#systems/system.ts'
import type { Plan, PlannedApplication } from './plan.ts'
import type { ServiceHost } from './services.ts'

interface Dependencies {
  readonly builds: Builds
  readonly services: ServiceHost
  readonly vault: Vault
}

/** Reads packages from the artifacts and the schema from the running services; everything else is known from the plan. */
export async function readSystem({ builds, services }: Dependencies, environment: Environment, plan: Plan): Promise<System> {
  const instances = await services.instances(environment, plan.services)
  const schemas = await Promise.all(
    instances.map(async ({ driver, instance }) => [instance.name, schemaOf(await driver.schema(instance))] as const),
  )
  const packages = await Promise.all(
    plan.applications.map(async (application) => [application.manifest.name, await builds.packages(application.build)] as const),
  )
  const each = (read: (application: PlannedApplication) => LayerInput) =>
    Object.fromEntries(plan.applications.map((application) => [application.manifest.name, read(application)]))
  return buildSystem({
    code: each(({ manifest, tree }) => ({ root: manifest.source.root, tree, commit: plan.commit })),
    runtime: each(({ runtime }) => ({ [runtime.name]: { version: runtime.version, integrity: runtime.integrity } })),
    packages: Object.fromEntries(packages.map(([name, found]) => [name, { npm: found }])),
    config: each(configOf),
    network: {
      routes: routesOf(plan),
      outbound: { rules: [environment.outbound] },
      ...each(({ manifest }) => ({ locations: json(manifest.web?.locations ?? []) })),
    },
    services: Object.fromEntries(
      plan.services.map(({ name, exact, configuration }) => [name, { ...exact, settings: json(configuration) }]),
    ),
    schema: Object.fromEntries(schemas),
    data: Object.fromEntries([...plan.services.map(({ name }) => name), 'mounts'].map((name) => [name, lineageOf(environment)])),
  })
}

function configOf({ manifest }: PlannedApplication): LayerInput {
  return {
    variables: { ...manifest.variables.env, ...flat(manifest.variables.prefixed) },
    hooks: json({ build: manifest.hooks.build, deploy: manifest.hooks.deploy, post_deploy: manifest.hooks.postDeploy }),
    web: json({ commands: manifest.web?.commands, upstream: manifest.web?.upstream }),
    mounts: Object.fromEntries(manifest.mounts.map((mount) => [mount.path, json({ source: mount.source, source_path: mount.sourcePath })])),
    crons: Object.fromEntries(manifest.crons.map((cron) => [cron.name, json(cron)])),
    workers: Object.fromEntries(manifest.workers.map((worker) => [worker.name, json(worker)])),
  }
}

function routesOf(plan: Plan): LayerInput {
  return Object.fromEntries(
    plan.manifest.routes.map((route) => [
      route.original,
      json({ type: route.type, upstream: route.upstream?.name, to: route.to, redirects: route.redirects }),
    ]),
  )
}

function lineageOf(environment: Environment): LayerInput {
  const { from, at, of } = environment.lineage
  return json({ lineage: of ?? from, snapshot: at })
}

/** `a/b/c` paths of a service's schema as a tree; the parts are percent-encoded where a name holds a slash. */
function schemaOf(objects: Readonly<Record<string, string>>): LayerInput {
  return treeOf(Object.entries(objects).map(([path, definition]) => [path.split('/').map(decodeURIComponent), definition] as const))
}

function flat(prefixed: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(prefixed).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  )
}

/** What JSON can say of a value, without what is undefined. */
function json(value: unknown): LayerInput {
  return JSON.parse(JSON.stringify(value)) as LayerInput // JSON is what a layer is made of
}
