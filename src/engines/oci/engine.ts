// The oci engine: containers by runc under conmon, a network namespace per environment. No daemon of its own: everything outlives us.
import { lchown, lstat, mkdir, readdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock, type Clock } from '#lib/clock.ts'
import { exec } from '#lib/exec.ts'
import { isThere } from '#lib/files.ts'
import type { Location } from '#lib/location.ts'
import type { Log } from '#lib/log.ts'
import { waitFor } from '#lib/wait.ts'
import { checkNetworkId } from '#engines/checks.ts'
import type { Engine } from '#engines/engine.ts'
import { fail } from '#engines/errors.ts'
import { KeyedQueue } from '#engines/supervisor/serial.ts'
import { Units } from '#engines/supervisor/units.ts'
import { createContainers } from './carrier.ts'
import { cgroupRoots, findPrograms, isUnified, readHost } from './host.ts'
import { createLateMounts } from './late.ts'
import { layoutOf } from './layout.ts'
import { createNetworks, type Networks } from './network.ts'
import { openRegistry } from './registry.ts'
import { createRuntime } from './runc.ts'
import { openSession } from './sessions.ts'

export interface OciEngineOptions {
  /** The engine's own durable folder; it holds secrets and belongs to root. */
  readonly folder: string
  readonly log: Log
  readonly clock?: Clock
}

const GRACE_MS = 15_000
const SHUTDOWN_GRACE_MS = 5000

/** Throws `engine.not_root` or `engine.programs_missing` where it cannot work. Starts nothing and changes nothing on the host yet. */
export async function createOciEngine({ folder, log, clock = systemClock }: OciEngineOptions): Promise<Engine> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) throw fail('not_root', 'The oci engine needs Linux and root')
  const [programs, host] = await Promise.all([findPrograms(), readHost()])
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const registry = await openRegistry(folder)
  const layout = layoutOf(folder, registry.records.instance)
  const runtime = createRuntime(programs, layout, await monitorGroups(layout.cgroup))
  const networks = createNetworks(programs, layout, registry)
  const late = createLateMounts(layout.late)
  const carrier = createContainers(runtime, networks, late, layout, host)
  const units = new Units({ folder: layout.bundles, exits: layout.exits, carrier, log, clock })
  const queue = new KeyedQueue()
  await units.open()

  return {
    name: 'oci',
    limits: [],
    resolvesNames: true,
    adopt: async () => {
      await networks.restore()
      await units.adopt()
    },
    ensureNetwork: async (spec) => {
      checkNetworkId(spec.id)
      await queue.run(spec.id, () => networks.ensure(spec))
    },
    removeNetwork: (id) =>
      queue.run(id, async () => {
        await units.stopAll(0, id)
        await networks.remove(id)
      }),
    networks: async () => networks.ids(),
    allocate: (network, name, port) => queue.run(network, () => networks.allocate(network, name, port)),
    release: (network, name) => queue.run(network, () => networks.release(network, name)),
    own: (network, location) => own(networks, network, location),
    paths: () => (inside) => inside,
    prepare: async (spec) => void (await units.prepare(spec)),
    start: async (spec) => void (await units.start(spec)),
    stop: (id, graceMs = GRACE_MS) => units.stop(id, graceMs),
    status: async (id) => units.status(id),
    list: async () => units.list(),
    pause: (network) => units.pauseAll(network),
    unpause: (network) => units.unpauseAll(network),
    run: (spec, options) => units.run(spec, options),
    exec: async (id, argv, { tty, env = {} }) =>
      openSession({ id, folder: units.running(id).folder, argv, tty, env }, runtime, programs, layout.runcRoot),
    logs: (id, options) => units.logs(id, options),
    onExit: (listener) => units.onExit(listener),
    shutdown: async () => {
      await units.stopAll(SHUTDOWN_GRACE_MS)
      await Promise.all([removeCgroups(layout.cgroup), late.removeAll()])
      await networks.removeAll()
    },
    [Symbol.asyncDispose]: async () => {
      networks.letGo()
      units.letGo()
    },
  }
}

async function own(networks: Networks, network: string, { path }: Location): Promise<void> {
  const { uid } = networks.place(network)
  // chown changes the top folder last, so it tells whether all of it was done.
  const top = await lstat(path)
  if (top.uid === uid && top.gid === uid) return
  if (top.isDirectory() && (await readdir(path)).length === 0) return lchown(path, uid, uid)
  const result = await exec(['chown', '--recursive', '--no-dereference', `${uid}:${uid}`, '--', path])
  if (!result.ok) throw fail('own_failed', `${path} could not be given to network ${network}: ${result.stderr.trim().slice(-500)}`)
}

async function removeCgroups(cgroup: string): Promise<void> {
  for (const folder of (await cgroupRoots()).flatMap((root) => [join(root, cgroup, 'monitor'), join(root, cgroup)])) {
    // A monitor takes a moment to end after its container.
    await waitFor(() => removed(folder), { timeoutMs: 5000 })
  }
}

async function removed(folder: string): Promise<boolean> {
  return rmdir(folder).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  )
}

/**
 * Where monitors are put, so that stopping the service that Friday runs as does not stop them: a group of ours on a unified host, or in
 * the service manager's hierarchy on an older one.
 */
async function monitorGroups(cgroup: string): Promise<readonly string[]> {
  if (await isUnified()) return [join('/sys/fs/cgroup', cgroup, 'monitor')]
  return (await isThere('/sys/fs/cgroup/systemd')) ? [join('/sys/fs/cgroup/systemd', cgroup, 'monitor')] : []
}
