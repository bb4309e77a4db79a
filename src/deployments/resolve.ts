// From what a commit asks for to what it will get: manifest read, versions made exact, builds named.
import type { ActivityLog } from '#activities/log.ts'
import { buildIdOf } from '#builds/build-id.ts'
import type { Database } from '#db/database.ts'
import { errorTable } from '#lib/errors.ts'
import { buildConfigOf } from '#manifest/build-config.ts'
import { formatProblem } from '#manifest/problems.ts'
import type { Application } from '#manifest/project.ts'
import { readManifest } from '#manifest/read.ts'
import type { SourceTree } from '#manifest/source/tree.ts'
import type { Support } from '#manifest/support.ts'
import type { Project } from '#projects/projects.ts'
import type { Runtime } from '#runtimes/runtime.ts'
import type { Service } from '#services/service.ts'
import type { Plan, PlannedApplication } from './plan.ts'

export const fail = errorTable('deployments', {
  manifest: { status: 422, advice: 'Correct the lines above; `friday validate` checks them before a push.' },
  no_manifest: { status: 422, advice: '`friday init` writes one for a Node.js application.' },
})

interface Dependencies {
  readonly db: Database
  readonly runtimes: ReadonlyMap<string, Runtime>
  readonly services: ReadonlyMap<string, Service>
  readonly readTree: (projectId: string, commit: string) => Promise<SourceTree>
  readonly treeOf: (projectId: string, commit: string, path: string) => Promise<string>
}

/** What this Friday can run, in the manifest's terms. */
export function supportOf(runtimes: ReadonlyMap<string, Runtime>, services: ReadonlyMap<string, Service>): Support {
  return {
    runtimes: Object.fromEntries([...runtimes].map(([name, runtime]) => [name, runtime.versions])),
    services: Object.fromEntries(
      [...services].map(([type, service]) => [
        type,
        {
          versions: service.versions,
          defaultEndpoint: service.defaultEndpoint,
          endpoints: (configuration) => service.endpoints(configuration),
          check: (configuration) => service.check(configuration),
        },
      ]),
    ),
  }
}

/** Reads and validates the commit's manifest (problems go to the log, all of them) and resolves it to a plan. */
export async function planOf(dependencies: Dependencies, project: Project, commit: string, log: ActivityLog): Promise<Plan> {
  const tree = await dependencies.readTree(project.id, commit)
  const result = readManifest(tree, supportOf(dependencies.runtimes, dependencies.services))
  for (const problem of result.warnings) log.line(`W: ${formatProblem(problem)}`)
  if (!result.ok) {
    for (const problem of result.problems) log.line(`E: ${formatProblem(problem)}`)
    const count = result.problems.length
    throw fail('manifest', `The project's configuration has ${count} ${count === 1 ? 'problem' : 'problems'}`)
  }
  const manifest = result.project
  return {
    commit,
    tree: await dependencies.treeOf(project.id, commit, ''),
    manifest,
    applications: await Promise.all(
      manifest.applications.map((application) => planApplication(dependencies, project, commit, application)),
    ),
    services: await Promise.all(
      manifest.services.map(async ({ name, type, version, configuration }) => {
        const service = dependencies.services.get(type)
        if (service === undefined) throw fail('manifest', `Friday does not run services of type ${type}`)
        const { version: exact, integrity } = await settle(dependencies.db, project, 'service', type, version, () =>
          service.resolve(version),
        )
        return { name, exact: { type, version: exact, integrity }, configuration }
      }),
    ),
  }
}

async function planApplication(
  dependencies: Dependencies,
  project: Project,
  commit: string,
  application: Application,
): Promise<PlannedApplication> {
  const { runtime: name, version } = application.type
  const runtime = dependencies.runtimes.get(name)
  if (runtime === undefined) throw fail('manifest', `Friday does not run the runtime ${name}`)
  const settled = await settle(dependencies.db, project, 'runtime', name, version, () => runtime.resolve(version))
  const exact = { name, ...settled }
  const tree = await dependencies.treeOf(project.id, commit, application.source.root)
  const build = buildIdOf({ projectId: project.id, app: application.name, tree, runtime: exact, config: buildConfigOf(application) })
  return { manifest: application, runtime: exact, build, tree }
}

/** The version a project has settled on for what it wrote: resolved once, then the same in every environment. */
async function settle(
  db: Database,
  project: Project,
  kind: 'runtime' | 'service',
  type: string,
  wanted: string,
  resolve: () => Promise<{ version: string; integrity: string }>,
): Promise<{ version: string; integrity: string }> {
  const key = { project_id: project.id, kind, type, wanted }
  const find = () =>
    db
      .selectFrom('resolutions')
      .select(['version', 'integrity'])
      .where('project_id', '=', project.id)
      .where('kind', '=', kind)
      .where('type', '=', type)
      .where('wanted', '=', wanted)
      .executeTakeFirst()
  const known = await find()
  if (known !== undefined) return known
  const { version, integrity } = await resolve()
  await db
    .insertInto('resolutions')
    .values({ ...key, version, integrity })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return (await find()) ?? { version, integrity }
}
