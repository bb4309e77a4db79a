// The composition root: environment, configuration, parts, start, signal, disposal. Everything that is joined is joined here.
import { createServer, type Server } from 'node:http'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { createAccess } from '#access/access.ts'
import { createActivities } from '#activities/activities.ts'
import { createActivityLogs } from '#activities/log.ts'
import { attachExec } from '#api/exec.ts'
import { createHandlers } from '#api/handlers.ts'
import { createProcessLog } from '#api/process-log.ts'
import { createApi } from '#api/server.ts'
import { createBuilds } from '#builds/builds.ts'
import { resolveConfig, type Config } from '#config/config.ts'
import { readSettings } from '#config/env.ts'
import { openVault } from '#config/secrets.ts'
import { claimDatabase } from '#db/claim.ts'
import { openDatabase } from '#db/database.ts'
import { startEmbeddedPostgres } from '#db/embedded.ts'
import { createCrons } from '#deployments/crons.ts'
import { deploy } from '#deployments/deploy.ts'
import { createLifecycle } from '#deployments/lifecycle.ts'
import { createPlaces, type Places } from '#deployments/places.ts'
import { createProcesses } from '#deployments/processes.ts'
import { createPushes } from '#deployments/pushes.ts'
import { createReleases } from '#deployments/releases.ts'
import { planOf } from '#deployments/resolve.ts'
import { createServiceHost } from '#deployments/services.ts'
import { createSteps } from '#deployments/steps.ts'
import { buildVariablesOf } from '#deployments/variables.ts'
import type { Engine } from '#engines/engine.ts'
import { createOciEngine } from '#engines/oci/engine.ts'
import { createProcessEngine } from '#engines/process/engine.ts'
import { createDrivers } from '#drivers.ts'
import { createEnvironments } from '#environments/environments.ts'
import { gitHttpHandler } from '#git/http.ts'
import { createRepositories } from '#git/repositories.ts'
import { systemClock } from '#lib/clock.ts'
import { errorTable, messageOf } from '#lib/errors.ts'
import { createLog, type Log } from '#lib/log.ts'
import { Secret } from '#lib/secret.ts'
import { Undo } from '#lib/undo.ts'
import { createUpkeep } from '#projects/upkeep.ts'
import { createProjects } from '#projects/projects.ts'
import { createPackageStore } from '#registry/store.ts'
import { startRouter } from '#router/client.ts'
import { createSnapshots } from '#snapshots/snapshots.ts'
import { openVolumes } from '#volumes/open.ts'
import { createWorkflows } from '#workflow/workflows.ts'

const fail = errorTable('friday', {
  private_folder: { status: 500, advice: 'Set FRIDAY_DATA to a folder that other users may pass.' },
  in_use: { status: 409, advice: 'Stop the other one first, or give this one another FRIDAY_DATA or FRIDAY_PORT.' },
})

/** Activities that run at the same time over all environments. */
const CONCURRENCY = 8

export interface Friday {
  readonly url: string
  readonly routerUrl: string
  /** Printed once to whoever started Friday, while nobody has logged in yet. */
  readonly setupToken: Secret | undefined
  /** Resolves when somebody asked Friday to stop with everything it runs. */
  readonly stopRequested: Promise<void>
  /** Resolves when another control plane has taken over the state database. */
  readonly lost: Promise<void>
  /** Ends the control plane; applications, services and the router go on. */
  leave(): Promise<void>
  /** Ends the control plane and everything it runs; data stays. */
  stop(): Promise<void>
}

/** `friday start`: runs until a signal or a request to stop. */
export async function main(): Promise<void> {
  const config = resolveConfig(readSettings(), { platform: process.platform, uid: process.getuid?.() })
  const friday = await startFriday(config, createLog(config.logLevel))
  process.stdout.write(welcome(friday, config))
  const signalled = new Promise<'leave'>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve('leave'))
  })
  const how = await Promise.race([signalled, friday.stopRequested.then(() => 'stop' as const), friday.lost.then(() => 'lost' as const)])
  if (how === 'lost') {
    process.stderr.write('Friday ends: another control plane has taken over its state database.\n')
    // What this one still has open belongs to the other now; nothing is put in order.
    process.exit(1) // oxlint-disable-line unicorn/no-process-exit
  } else if (how === 'leave') {
    process.stdout.write('Friday leaves; applications go on serving. `friday start` takes them over, `friday stop` ends them too.\n')
    await friday.leave()
  } else {
    await friday.stop()
  }
}

export async function startFriday(config: Config, log: Log): Promise<Friday> {
  await using undo = new Undo()
  const { folders } = config
  await makeFolders(config)
  const version = await ownVersion()

  const embedded =
    config.databaseUrl === undefined ? await startEmbeddedPostgres({ folder: folders.state, log, ...config.servant }) : undefined
  const url = embedded?.url ?? new Secret(config.databaseUrl ?? '')
  // Claimed before anything else is touched: an embedded server that another control plane uses stays up.
  const claim = await claimDatabase(url, log)
  if (embedded !== undefined) undo.defer(() => embedded.stop())
  undo.use(claim)
  const db = await openDatabase(url)
  undo.defer(() => db.destroy())
  const vault = await openVault(folders.secrets)

  const engine = undo.use(await openEngine(config, log))
  const volumes = undo.use(await openVolumes({ folder: folders.volumes, setting: config.volumes, log }))
  const router = undo.use(
    await startRouter({
      folder: folders.router,
      listen: config.router,
      log: join(folders.router, 'router.log'),
      version,
      ...config.servant,
    }),
  )
  const routerAddress = await router.address()
  const store = undo.use(createPackageStore({ folder: folders.packages, registry: config.npmRegistry, log }))
  const drivers = createDrivers({ store, log })
  const runtimeOf = (name: string) => need(drivers.runtimes, name)

  const repositories = await createRepositories({ folder: folders.repositories, log })
  const access = createAccess(db)
  const projects = createProjects({ db, repositories })
  const environments = createEnvironments(db)
  const logs = createActivityLogs(db)
  const workflows = createWorkflows({ url, executor: 'control-plane', log })
  const activities = createActivities({ db, workflows, logs, log, concurrency: CONCURRENCY })

  const builds = createBuilds({
    db,
    engine,
    folders,
    runtimeOf,
    exportTree: (projectId, tree, directory) => repositories.exportTree(projectId, tree, directory),
  })
  const releases = createReleases(db)
  const snapshots = createSnapshots({ volumes, engine, clock: systemClock })
  const services = createServiceHost({ db, engine, vault, driverOf: (type) => need(drivers.services, type) })
  const processes = createProcesses({ engine, builds, services, runtimeOf })
  const places: Places = createPlaces({
    projects,
    environments,
    snapshots,
    builds,
    engine,
    processes,
    domain: config.domain,
    routerPort: () => routerAddress.port,
  })
  const resolving = { db, ...drivers, readTree: repositories.readTree, treeOf: repositories.treeOf }
  const steps = createSteps({
    projects,
    environments,
    builds,
    snapshots,
    services,
    processes,
    places,
    releases,
    engine,
    router,
    vault,
    git: repositories,
    planOf: async (projectId, commit, log) => planOf(resolving, await projects.get(projectId), commit, log),
    buildVariables: async (projectId, application) => buildVariablesOf(await projects.get(projectId), application),
  })
  const lifecycle = createLifecycle({
    engine,
    router,
    snapshots,
    environments,
    releases,
    services,
    processes,
    places,
    git: repositories,
    log,
  })
  activities.handle('environment.push', (context) => deploy(context, steps))
  activities.handle('environment.create', (context) => deploy(context, steps))
  activities.handle('environment.redeploy', (context) => deploy(context, steps))
  activities.handle('environment.pause', lifecycle.pause)
  activities.handle('environment.resume', lifecycle.resume)
  activities.handle('environment.delete', lifecycle.remove)

  let requestStop: () => void = () => undefined
  const stopRequested = new Promise<void>((resolve) => (requestStop = resolve))
  const server = createServer()
  // A push may upload for longer than Node's default five minutes.
  server.requestTimeout = 0
  undo.defer(() => close(server))
  const address = await listen(server, config)
  const apiUrl = `http://${address.host}:${address.port}`
  const routerUrl = `http://${routerAddress.host}:${routerAddress.port}`
  const handlers = createHandlers({
    db,
    projects,
    environments,
    activities,
    releases,
    services,
    places,
    engine,
    volumes,
    version,
    embeddedDatabase: embedded !== undefined,
    apiUrl: () => apiUrl,
    routerUrl: () => routerUrl,
    shutdown: () => void setImmediate(requestStop),
  })
  const processLog = createProcessLog({ projects, environments, engine })
  const api = getRequestListener(createApi({ access, activities, logs, handlers, processLog, version, log }).fetch)
  const receive = createPushes({ projects, environments, activities, logs, git: repositories })
  const git = undo.use(
    await gitHttpHandler({
      repositories,
      receive,
      runFolder: folders.run,
      log,
      authorise: async ({ project: name, token }) => {
        const user = await access.authenticate(token.reveal())
        if (user === undefined) return { ok: false, status: 401, message: 'Log in first: friday login' }
        const project = await projects.get(name).catch(() => undefined)
        if (project === undefined) return { ok: false, status: 404, message: `There is no project ${name}` }
        return { ok: true, actor: user.name, repository: project.id }
      },
    }),
  )

  await lifecycle.sweep(await activities.underway())
  await lifecycle.restore()
  await workflows.launch()
  undo.defer(() => workflows.shutdown())
  await activities.resume()
  const crons = undo.use(createCrons({ engine, environments, releases, places, processes, clock: systemClock, log }))
  crons.start()
  const upkeep = undo.use(createUpkeep({ db, projects, maintain: (id) => repositories.maintain(id), clock: systemClock, log }))
  upkeep.start()

  attachExec(server, { access, projects, environments, engine })
  server.on('request', (request, response) => {
    const handle = /^\/[a-z0-9-]+\.git\//.test(request.url ?? '') ? git.handle : api
    Promise.resolve(handle(request, response)).catch((error: unknown) => log.error({ reason: messageOf(error) }, 'request failed'))
  })

  const parts = undo.move()
  return {
    url: apiUrl,
    routerUrl,
    setupToken: await access.newSetupToken(),
    stopRequested,
    lost: claim.lost,
    leave: () => parts[Symbol.asyncDispose](),
    async stop() {
      await close(server)
      await workflows.shutdown()
      await engine.shutdown()
      await router.shutdown()
      await volumes.detach()
      await parts[Symbol.asyncDispose]()
    },
  }
}

async function openEngine(config: Config, log: Log): Promise<Engine> {
  const options = { folder: config.folders.engine, log }
  const engine = config.engine === 'oci' ? await createOciEngine(options) : await createProcessEngine(options)
  await engine.adopt()
  return engine
}

/** Every folder above what containers and the router read must let them pass; what is private is private by its own mode. */
async function makeFolders({ data, folders, servant }: Config): Promise<void> {
  await mkdir(data, { recursive: true, mode: 0o711 })
  if (servant !== undefined) await refusePrivateParents(data)
  const open = new Set([
    folders.artifacts,
    folders.builds,
    folders.caches,
    folders.packages,
    folders.volumes,
    folders.engine,
    folders.state,
  ])
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true, mode: open.has(folder) ? 0o711 : 0o700 })
}

/** As root, Friday runs everything as other users; a folder that only root may enter would make each of them fail in its own way. */
async function refusePrivateParents(data: string): Promise<void> {
  for (let folder = data; ; folder = dirname(folder)) {
    const { mode } = await stat(folder)
    if ((mode & 0o001) === 0) {
      throw fail(
        'private_folder',
        `The data folder ${data} cannot be reached by other users, because ${folder} is private (mode ${(mode & 0o777).toString(8)})`,
        {
          advice: `Run chmod o+x ${folder}, or set FRIDAY_DATA to a folder elsewhere.`,
        },
      )
    }
    if (folder === dirname(folder)) return
  }
}

async function ownVersion(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version // our own package.json
}

function listen(server: Server, { api }: Config): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? fail('in_use', `Something else listens on ${api.host}:${api.port} already`) : error),
    )
    server.listen(api.port, api.host, () => {
      const address = server.address()
      resolve({ host: api.host, port: typeof address === 'object' && address !== null ? address.port : api.port })
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

function welcome(friday: Friday, config: Config): string {
  const lines = [`Friday is up: ${friday.url}   applications: ${friday.routerUrl}   data: ${config.data}`]
  if (friday.setupToken !== undefined) {
    lines.push(
      '',
      'Nobody has logged in yet. This token works once:',
      `  friday login ${friday.url} --setup-token ${friday.setupToken.reveal()}`,
    )
  }
  return `${lines.join('\n')}\n`
}

function need<T>(all: ReadonlyMap<string, T>, name: string): T {
  const item = all.get(name)
  if (item === undefined) throw new Error(`there is no driver for ${name}`)
  return item
}
