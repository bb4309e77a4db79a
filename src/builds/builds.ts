// Builds: from a git tree to an immutable artifact, once for each build id, in a container that sees nothing but its source.
import { existsSync } from 'node:fs'
import { access, chmod, lstat, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ActivityLog } from '#activities/log.ts'
import type { Database } from '#db/database.ts'
import type { Engine, Limits, Mount } from '#engines/engine.ts'
import { errorTable } from '#lib/errors.ts'
import { execOk } from '#lib/exec.ts'
import { resolveUnder } from '#lib/files.ts'
import { hostPath, type Location } from '#lib/location.ts'
import type { BuildCommand, ExactRuntime, Runtime } from '#runtimes/runtime.ts'

export const fail = errorTable('builds', {
  failed: { status: 422, advice: 'Correct the build and push again; nothing was changed in any environment.' },
  timed_out: { status: 422, advice: 'Make the build shorter, or keep slow parts in PLATFORM_CACHE_DIR.' },
  mount: { status: 422, advice: 'Remove the file or link at this path from the repository, or mount somewhere else.' },
})

export interface BuildRequest {
  readonly id: string
  readonly projectId: string
  readonly app: string
  /** Git tree id of the application's source root, and the commit it was pushed with (for messages). */
  readonly tree: string
  readonly commit: string
  readonly runtime: ExactRuntime
  readonly flavor: string | undefined
  readonly dependencies: Readonly<Record<string, string>>
  /** The build hook, one script for /bin/sh. */
  readonly hook: string | undefined
  /** Paths below the application's folder that must exist as folders, for mounts. */
  readonly mountPaths: readonly string[]
  /** Variables visible to builds, PLATFORM_* included. */
  readonly env: Readonly<Record<string, string>>
}

export interface Builds {
  /** Makes the artifact unless it is there already. Resolves with true when it was reused. Safe to call at the same time. */
  ensure(request: BuildRequest, log: ActivityLog): Promise<{ reused: boolean }>
  locate(id: string): Location
  packages(id: string): Promise<Readonly<Record<string, string>>>
}

interface Dependencies {
  readonly db: Database
  readonly engine: Engine
  readonly folders: { readonly artifacts: string; readonly builds: string; readonly caches: string }
  readonly runtimeOf: (name: string) => Runtime
  readonly exportTree: (projectId: string, tree: string, directory: string) => Promise<void>
}

const LIMITS: Limits = { memoryBytes: 4 * 1024 ** 3, cpus: 2, pids: 1024, tmpBytes: 2 * 1024 ** 3 }
const TIME_LIMIT_MS = 60 * 60 * 1000

export function createBuilds({ db, engine, folders, runtimeOf, exportTree }: Dependencies): Builds {
  const running = new Map<string, Promise<{ reused: boolean }>>()
  const artifact = (id: string) => join(folders.artifacts, id)

  async function ensure(request: BuildRequest, log: ActivityLog): Promise<{ reused: boolean }> {
    log.line(
      `Building application '${request.app}' (runtime type: ${request.runtime.name}:${request.runtime.version}, tree: ${request.tree.slice(0, 7)})`,
    )
    const underway = running.get(request.id)
    if (underway !== undefined) {
      log.line('  Waiting for the same build in another environment.')
      await underway
      return { reused: true }
    }
    const work = (await exists(artifact(request.id))) ? reuse(log) : build(request, log)
    running.set(request.id, work)
    try {
      return await work
    } finally {
      running.delete(request.id)
    }
  }

  async function reuse(log: ActivityLog): Promise<{ reused: boolean }> {
    log.line('  Reusing existing build for this tree ID')
    return { reused: true }
  }

  async function build(request: BuildRequest, log: ActivityLog): Promise<{ reused: boolean }> {
    const began = performance.now()
    const folder = join(folders.builds, request.id)
    const app = join(folder, 'app')
    const network = `build-${request.projectId}`
    await engine.ensureNetwork({ id: network, outbound: 'open' })
    // A build that a former control plane began goes on: its source lies there already, and its containers are joined by id.
    if (!(await exists(join(folder, 'exported')))) await exportSource(request, folder, network)
    const processes = commandsOf(request, runtimeOf(request.runtime.name), app).map((step, index) => ({
      ...step,
      id: `${request.id}-${index}`,
    }))
    try {
      const mounts = await mountsOf(request, app)
      for (const process of processes) await runCommand({ request, network, mounts, process, log })
      await Promise.all([seal(request, app), record(request, app, Math.round(performance.now() - began)), forget(processes)])
      // Under its name it is complete, recorded and no build's any more.
      await rename(app, artifact(request.id)).catch(ignoreExisting)
      return { reused: false }
    } finally {
      await forget(processes)
      await rm(folder, { recursive: true, force: true })
    }
  }

  async function forget(processes: readonly { id: string }[]): Promise<void> {
    await Promise.all(processes.map(({ id }) => engine.stop(id, 0)))
  }

  async function exportSource(request: BuildRequest, folder: string, network: string): Promise<void> {
    const app = join(folder, 'app')
    const cache = join(folders.caches, request.projectId)
    await rm(folder, { recursive: true, force: true })
    await mkdir(app, { recursive: true })
    await mkdir(cache, { recursive: true })
    await exportTree(request.projectId, request.tree, app)
    await Promise.all([engine.own(network, hostPath(app)), engine.own(network, hostPath(cache))])
    await mkdir(join(folder, 'exported'))
  }

  async function mountsOf(request: BuildRequest, app: string): Promise<readonly Mount[]> {
    const runtime = await runtimeOf(request.runtime.name).install(request.runtime)
    return [
      ...runtime,
      { source: hostPath(app), target: '/app', readonly: false },
      { source: hostPath(join(folders.caches, request.projectId)), target: '/cache', readonly: false },
    ]
  }

  async function runCommand(step: {
    request: BuildRequest
    network: string
    mounts: readonly Mount[]
    process: BuildCommand & { id: string }
    log: ActivityLog
  }): Promise<void> {
    const { request, network, mounts, process, log } = step
    log.line(`  ${process.title}`)
    const at = engine.paths(process.id, mounts)
    const runtime = runtimeOf(request.runtime.name)
    const result = await engine.run(
      {
        id: process.id,
        network,
        // Like the vendor's: one script, one shell; the script is an argument, never part of a command line.
        argv: ['/bin/sh', '-c', process.script],
        cwd: at('/app'),
        env: {
          ...request.env,
          ...runtime.environment(at, 'build'),
          HOME: at('/app'),
          CI: '1',
          PLATFORM_APP_DIR: at('/app'),
          PLATFORM_OUTPUT_DIR: at('/app'),
          PLATFORM_CACHE_DIR: at('/cache'),
        },
        mounts,
        hosts: {},
        limits: LIMITS,
        labels: { role: 'build', build: request.id },
      },
      { onOutput: (chunk) => log.output(chunk, '    '), timeoutMs: TIME_LIMIT_MS },
    )
    await log.flush()
    if (result.timedOut) throw fail('timed_out', `The build of ${request.app} ran longer than ${TIME_LIMIT_MS / 60_000} minutes`)
    if (result.outOfMemory)
      throw fail('failed', `The build of ${request.app} needed more than ${LIMITS.memoryBytes / 1024 ** 3} GB of memory (${process.title})`)
    if (result.exitCode !== 0)
      throw fail('failed', `The build of ${request.app} failed: ${process.title} ended with exit code ${result.exitCode}`)
  }

  /** What leaves a build belongs to root and is only read from now on; mount points exist as folders. */
  async function seal(request: BuildRequest, app: string): Promise<void> {
    for (const path of request.mountPaths) await makeMountPoint(app, path)
    if (engine.name === 'oci') await execOk(['chown', '-R', '-h', '0:0', '--', app])
    await chmod(app, 0o755)
  }

  async function record(request: BuildRequest, app: string, ms: number): Promise<void> {
    const packages = await runtimeOf(request.runtime.name).packages(app)
    await db
      .insertInto('builds')
      .values({
        id: request.id,
        project_id: request.projectId,
        app: request.app,
        tree: request.tree,
        packages: JSON.stringify(packages),
        ms,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }

  return {
    ensure,
    locate: (id) => hostPath(artifact(id)),
    async packages(id) {
      const row = await db.selectFrom('builds').select('packages').where('id', '=', id).executeTakeFirst()
      return row?.packages ?? {}
    },
  }
}

function commandsOf(request: BuildRequest, runtime: Runtime, app: string): BuildCommand[] {
  const has = (file: string) => existsSync(join(app, file))
  const flavor = runtime.buildCommands({ flavor: request.flavor, dependencies: request.dependencies, has })
  return request.hook === undefined ? [...flavor] : [...flavor, { title: 'Executing build hook...', script: request.hook }]
}

/** Makes `path` a folder inside the artifact without following a link that the build may have left there. */
async function makeMountPoint(app: string, path: string): Promise<void> {
  const target = resolveUnder(app, path)
  if (target === undefined) throw fail('mount', `The mount ${path} leaves the application's folder`)
  let current = app
  for (const name of path.split('/')) {
    current = join(current, name)
    const present = await lstatIfThere(current)
    if (present === undefined) await mkdir(current, { mode: 0o755 })
    else if (!present.isDirectory()) throw fail('mount', `The mount ${path} cannot be made: ${name} is not a folder after the build`)
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

async function lstatIfThere(path: string) {
  return lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

/** Two control planes may finish the same build; the first artifact stays, the other is thrown away with its folder. */
function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
}
