// Runs a service as plain processes under a user without rights, for tests of drivers: no engine, no volume driver.
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mount, PathView } from '#engines/engine.ts'
import { execOk, spawnProgram } from '#lib/exec.ts'
import { withUserEntry } from '#lib/named-user.ts'
import { waitFor } from '#lib/wait.ts'
import type { Credentials, ExactService, Service, ServiceConfiguration, ServiceInstance } from './service.ts'

/** Nobody else's: what this user owns or runs was made by these tests. */
const USER = process.getuid?.() === 0 ? { uid: 61_997, gid: 61_997 } : undefined
const PATIENCE_MS = 60_000

export interface Running {
  readonly instance: ServiceInstance
  readonly volume: string
  /** Ends it as an engine would and returns its exit status. */
  stop(): Promise<number | undefined>
  /** Ends it without warning. */
  kill(): Promise<void>
  /** Everything the process wrote so far. */
  output(): string
  /** Holds every one of its processes still while `work` goes on. */
  frozen(work: () => Promise<void>): Promise<void>
}

export interface StartOptions extends Partial<ServiceInstance> {
  /** What the data knows, when it was cloned. */
  readonly former?: Credentials
}

export interface Harness extends AsyncDisposable {
  readonly service: Service
  volume(): Promise<string>
  /** Initialises when the volume is empty, prepares, starts and settles it. */
  start(volume: string, options?: StartOptions): Promise<Running>
  /** A copy of a volume, as a plain file system makes it. */
  copy(volume: string): Promise<string>
}

export async function createHarness(service: Service, wanted: string, configuration: ServiceConfiguration): Promise<Harness> {
  const root = await mkdtemp(join(tmpdir(), 'friday-service-'))
  await chmod(root, 0o755)
  const exact = await service.resolve(wanted)
  const mounts = await service.install(exact)
  const started = new Set<Running>()
  let volumes = 0

  async function volume(): Promise<string> {
    const folder = join(root, `volume-${++volumes}`)
    await mkdir(folder, { mode: 0o700 })
    if (USER !== undefined) await chown(folder, USER.uid, USER.gid)
    return folder
  }

  async function start(folder: string, { former, ...options }: StartOptions = {}): Promise<Running> {
    const instance = await instanceOf(service, exact, configuration, options)
    const at = viewOf(mounts)
    const initialise = (await readdir(folder)).length === 0 ? service.initialise(instance, at, folder) : undefined
    if (initialise !== undefined) {
      const argv = USER === undefined ? initialise.argv : withUserEntry(initialise.argv, USER)
      await execOk(argv, { cwd: folder, env: initialise.env, timeoutMs: PATIENCE_MS })
    }
    await service.prepare(instance, folder, at, folder)
    const running = run(service, instance, folder, at)
    started.add(running)
    const ready = await waitFor(() => service.settle(instance, former), { timeoutMs: PATIENCE_MS })
    if (ready === undefined) throw new Error(`${service.type} did not get ready:\n${running.output()}`)
    return running
  }

  return {
    service,
    volume,
    start,
    async copy(from) {
      const to = await volume()
      await execOk(['cp', '-a', `${from}/.`, to])
      return to
    },
    async [Symbol.asyncDispose]() {
      for (const running of started) await running.kill()
      await rm(root, { recursive: true, force: true })
    },
  }
}

async function instanceOf(
  service: Service,
  exact: ExactService,
  configuration: ServiceConfiguration,
  options: Partial<ServiceInstance>,
): Promise<ServiceInstance> {
  return {
    name: 'db',
    service: exact,
    configuration,
    credentials: service.newCredentials(options.configuration ?? configuration),
    endpoint: { host: '127.0.0.1', port: await freePort() },
    memoryBytes: 256 * 1024 ** 2,
    durable: false,
    ...options,
  }
}

function run(service: Service, instance: ServiceInstance, folder: string, at: PathView): Running {
  const { argv, cwd, env, stopSignal = 'SIGTERM' } = service.process(instance, at, folder)
  const child = spawnProgram(argv, { cwd, env, ...USER })
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => output.push(String(chunk)))

  async function kill(): Promise<void> {
    const all = child.pid === undefined || child.exitCode !== null ? [] : await familyOf(child.pid)
    for (const pid of all) signal(pid, 'SIGKILL')
    await child
    await waitFor(() => all.every((pid) => !signal(pid, 0)), { timeoutMs: PATIENCE_MS })
  }

  return {
    instance,
    volume: folder,
    kill,
    output: () => output.join(''),
    async stop() {
      child.kill(stopSignal)
      return (await child).exitCode
    },
    async frozen(work) {
      const all = await familyOf(child.pid ?? 0)
      for (const pid of all) signal(pid, 'SIGSTOP')
      try {
        await work()
      } finally {
        for (const pid of all) signal(pid, 'SIGCONT')
      }
    },
  }
}

/** A process and all below it, parents first. */
async function familyOf(pid: number): Promise<readonly number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  const below = await Promise.all(
    children
      .split(' ')
      .filter(Boolean)
      .map((child) => familyOf(Number(child))),
  )
  return [pid, ...below.flat()]
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

function viewOf(mounts: readonly Mount[]): PathView {
  return (inside) => {
    const mount = mounts.find(({ target }) => inside === target || inside.startsWith(`${target}/`))
    return mount === undefined ? inside : mount.source.path + inside.slice(mount.target.length)
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
