// The oci engine: containers by runc under conmon, a network namespace per environment. No daemon of its own: everything outlives us.
import { lstat, mkdir, readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock, type Clock } from '#lib/clock.ts'
import { messageOf } from '#lib/errors.ts'
import { exec } from '#lib/exec.ts'
import type { Location } from '#lib/location.ts'
import type { Log } from '#lib/log.ts'
import { waitFor } from '#lib/wait.ts'
import { checkNetworkId, checkSpec } from '#engines/checks.ts'
import type { Engine, LogOptions, ProcessSpec, ProcessStatus } from '#engines/engine.ts'
import { fail } from '#engines/errors.ts'
import { KeyedQueue } from '#engines/serial.ts'
import { readRecord, writeBundle, writeRecord, type UnitRecord } from './bundle.ts'
import { ExitWatch } from './exits.ts'
import { cgroupRoots, findPrograms, isThere, isUnified, readHost } from './host.ts'
import { layoutOf } from './layout.ts'
import { keepSegments, readLog } from './logs.ts'
import { createNetworks } from './network.ts'
import { openRegistry } from './registry.ts'
import { runToEnd } from './run.ts'
import { createRuntime } from './runc.ts'
import { openSession } from './sessions.ts'
import { Unit, type UnitTools } from './unit.ts'
import { checkView } from './view.ts'

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
  const roots = await cgroupRoots()
  const runtime = createRuntime(programs, layout, await monitorGroups(layout.cgroup))
  const networks = createNetworks(programs, layout, registry)
  const exits = new ExitWatch(layout.exits)
  const units = new Map<string, Unit>()
  const listeners = new Set<(status: ProcessStatus) => void>()
  const queue = new KeyedQueue()
  const letGo = new AbortController()
  const inTurn = <T>(id: string, work: () => Promise<T>) => queue.run(`process ${id}`, work)
  const tools: UnitTools = { runtime, exits, log, clock, inTurn, onExit: (status) => listeners.forEach((listener) => listener(status)) }
  await mkdir(layout.bundles, { recursive: true, mode: 0o700 })
  await exits.begin((id) => void look(units.get(id)), caretake)

  function look(unit: Unit | undefined): void {
    unit?.look().catch((error) => log.warn({ process: unit.record.id, error: messageOf(error) }, 'could not look after a process'))
  }

  function caretake(): void {
    for (const unit of units.values()) {
      look(unit)
      if (unit.running) keepSegments(unit.logFolder).catch(() => undefined)
    }
  }

  async function startUnit(spec: ProcessSpec): Promise<Unit> {
    checkSpec(spec)
    if (letGo.signal.aborted) throw fail('disposed', `${spec.id} was not started: this engine has been let go`)
    return inTurn(spec.id, async () => {
      const known = units.get(spec.id)
      if (known !== undefined) return known
      const place = networks.place(spec.network)
      await checkView(spec, place.uid)
      const bundle = join(layout.bundles, spec.id)
      if (await isThere(bundle)) await discard(spec.id)
      await writeBundle(bundle, spec, { ...place, cgroup: `${layout.cgroup}/${spec.id}` }, host)
      const unit = new Unit(newRecord(spec, place.uid), bundle, tools)
      try {
        await writeRecord(bundle, unit.record)
        await unit.launch()
      } catch (error) {
        await discard(spec.id)
        throw error
      }
      units.set(spec.id, unit)
      look(unit)
      return unit
    })
  }

  function newRecord(spec: ProcessSpec, uid: number): UnitRecord {
    const { id, network, labels, restart } = spec
    return { id, network, labels, restart, uid, phase: 'made', startedAt: clock.now(), restarts: 0 }
  }

  /** What is on disk and in the runtime of a process that never came to be. */
  async function discard(id: string): Promise<void> {
    const bundle = join(layout.bundles, id)
    await runtime.remove(id).catch(() => undefined)
    await exits.forget(id, bundle)
    await rm(bundle, { recursive: true, force: true })
  }

  function stop(id: string, graceMs: number): Promise<void> {
    return inTurn(id, async () => {
      const unit = units.get(id)
      if (unit === undefined) return
      await unit.destroy(graceMs)
      units.delete(id)
    })
  }

  async function stopAll(which: (unit: Unit) => boolean, graceMs: number): Promise<void> {
    await Promise.all([...units.values()].filter(which).map((unit) => stop(unit.record.id, graceMs)))
  }

  function need(id: string): Unit {
    const unit = units.get(id)
    if (unit === undefined) throw fail('no_process', `There is no process ${id}`)
    return unit
  }

  async function adopt(): Promise<void> {
    await networks.restore()
    const ids = await readdir(layout.bundles)
    const states = new Map((await runtime.list()).map((state) => [state.id, state]))
    await Promise.all(
      [...new Set([...ids, ...states.keys()])].map((id) =>
        inTurn(id, async () => {
          const bundle = join(layout.bundles, id)
          const record = await readRecord(bundle)
          if (record === undefined) return discard(id)
          const unit = new Unit(record, bundle, tools)
          if (record.phase === 'stopping') return unit.destroy(0)
          units.set(id, unit)
          await unit.adopt(states.get(id)).catch((error) => {
            log.warn({ process: id, error: messageOf(error) }, 'a process of a former control plane could not be taken over')
            if (record.restart === 'always') unit.scheduleRestart()
          })
        }),
      ),
    )
  }

  async function own(network: string, { path }: Location): Promise<void> {
    const { uid } = networks.place(network)
    // chown changes the top folder last, so it tells whether all of it was done.
    const top = await lstat(path)
    if (top.uid === uid && top.gid === uid) return
    const result = await exec(['chown', '--recursive', '--no-dereference', `${uid}:${uid}`, '--', path])
    if (!result.ok) throw fail('own_failed', `${path} could not be given to network ${network}: ${result.stderr.trim().slice(-500)}`)
  }

  async function* logs(id: string, { from = 0, follow = false, signal }: LogOptions = {}): AsyncGenerator<Buffer> {
    const unit = need(id)
    const stop = AbortSignal.any([letGo.signal, ...(signal === undefined ? [] : [signal])])
    const over = () => units.get(id) !== unit || (unit.record.restart === 'never' && unit.exit !== undefined)
    yield* readLog(unit.logFolder, { from, signal: stop, ...(follow ? { until: over } : {}) })
  }

  async function removeCgroups(): Promise<void> {
    for (const folder of roots.flatMap((root) => [join(root, layout.cgroup, 'monitor'), join(root, layout.cgroup)])) {
      // A monitor takes a moment to end after its container.
      await waitFor(
        () =>
          rmdir(folder).then(
            () => true,
            (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
          ),
        { timeoutMs: 5000 },
      )
    }
  }

  async function shutdown(): Promise<void> {
    await stopAll(() => true, SHUTDOWN_GRACE_MS)
    await removeCgroups()
    await networks.removeAll()
  }

  return {
    name: 'oci',
    limits: [],
    adopt,
    ensureNetwork: async (spec) => {
      checkNetworkId(spec.id)
      await queue.run(`network ${spec.id}`, () => networks.ensure(spec))
    },
    removeNetwork: (id) =>
      queue.run(`network ${id}`, async () => {
        await stopAll((unit) => unit.record.network === id, 0)
        await networks.remove(id)
      }),
    networks: async () => networks.ids(),
    allocate: (network, name, port) => queue.run(`network ${network}`, () => networks.allocate(network, name, port)),
    release: (network, name) => queue.run(`network ${network}`, () => networks.release(network, name)),
    own,
    paths: () => (inside) => inside,
    start: async (spec) => void (await startUnit(spec)),
    stop: (id, graceMs = GRACE_MS) => stop(id, graceMs),
    status: async (id) => units.get(id)?.status(),
    list: async () => [...units.values()].map((unit) => unit.status()),
    pause: async (network) => void (await Promise.all(unitsOf(network).map((unit) => inTurn(unit.record.id, () => unit.pause())))),
    unpause: async (network) => void (await Promise.all(unitsOf(network).map((unit) => inTurn(unit.record.id, () => unit.unpause())))),
    run: async (spec, options) => {
      options.signal?.throwIfAborted()
      return runToEnd(await startUnit({ ...spec, restart: 'never' }), options, letGo.signal, clock)
    },
    exec: async (id, argv, { tty, env = {} }) => {
      const unit = need(id)
      if (!unit.running) throw fail('not_running', `${id} is not running, so nothing can be run inside it`)
      return openSession({ id, folder: unit.folder, argv, tty, env }, runtime, programs, layout.runcRoot)
    },
    logs,
    onExit: (listener) => void listeners.add(listener),
    shutdown,
    [Symbol.asyncDispose]: async () => {
      letGo.abort(fail('disposed', 'This engine has been let go; its processes go on'))
      exits.end()
      for (const unit of units.values()) unit.letGo()
    },
  }

  function unitsOf(network: string): Unit[] {
    return [...units.values()].filter((unit) => unit.record.network === network)
  }
}

/**
 * Where monitors are put, so that stopping the service that Friday runs as does not stop them: a group of ours on a unified host, or in
 * the service manager's hierarchy on an older one.
 */
async function monitorGroups(cgroup: string): Promise<readonly string[]> {
  if (await isUnified()) return [join('/sys/fs/cgroup', cgroup, 'monitor')]
  return (await isThere('/sys/fs/cgroup/systemd')) ? [join('/sys/fs/cgroup/systemd', cgroup, 'monitor')] : []
}
