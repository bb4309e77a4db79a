// The process engine: plain child processes, no root needed. To try Friday anywhere; it says what it does not isolate.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock, type Clock } from '#lib/clock.ts'
import type { Log } from '#lib/log.ts'
import { checkNetworkId } from '#engines/checks.ts'
import type { Engine } from '#engines/engine.ts'
import { Units } from '#engines/supervisor/units.ts'
import { createChildren } from './carrier.ts'
import { openPorts } from './ports.ts'
import { openSession } from './sessions.ts'
import { viewOf } from './view.ts'

export interface ProcessEngineOptions {
  /** The engine's own durable folder; it holds secrets. */
  readonly folder: string
  readonly log: Log
  readonly clock?: Clock
}

const GRACE_MS = 15_000
const SHUTDOWN_GRACE_MS = 5000
const LIMITS = [
  'Processes see all files of this machine that their user may read, including those of other environments.',
  'Processes of all environments run as the same user and can signal and inspect each other.',
  'Every environment reaches every other and the network of this machine; `sealed` has no effect.',
  'Memory, processors, number of processes and the size of /tmp are not limited, and running out of memory is not told apart.',
  'Read-only mounts are not enforced, and names of services are not resolved: processes are given addresses.',
  'A process that leaves its process group is neither paused nor ended with the rest.',
]

export async function createProcessEngine({ folder, log, clock = systemClock }: ProcessEngineOptions): Promise<Engine> {
  const processes = join(folder, 'processes')
  const views = join(folder, 'views')
  const exits = join(folder, 'exits')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const ports = await openPorts(folder)
  const units = new Units({ folder: processes, exits, carrier: createChildren(processes, views, exits, ports), log, clock })
  await units.open()

  return {
    name: 'process',
    limits: LIMITS,
    resolvesNames: false,
    adopt: () => units.adopt(),
    ensureNetwork: async ({ id }) => {
      checkNetworkId(id)
      await ports.ensure(id)
    },
    removeNetwork: async (id) => {
      await units.stopAll(0, id)
      await ports.remove(id)
    },
    networks: async () => ports.networks(),
    allocate: (network, name) => ports.allocate(network, name),
    release: (network, name) => ports.release(network, name),
    // All networks share the user that Friday runs as, to whom the files belong already.
    own: async (network) => ports.need(network),
    paths: (id, mounts) => viewOf(join(views, id), mounts),
    // Children run as soon as they are made.
    prepare: async () => undefined,
    start: async (spec) => void (await units.start(spec)),
    stop: (id, graceMs = GRACE_MS) => units.stop(id, graceMs),
    status: async (id) => units.status(id),
    list: async () => units.list(),
    pause: (network) => units.pauseAll(network),
    unpause: (network) => units.unpauseAll(network),
    run: (spec, options) => units.run(spec, options),
    exec: async (id, argv, { tty, env = {} }) => openSession({ folder: units.running(id).folder, argv, tty, env }),
    logs: (id, options) => units.logs(id, options),
    onExit: (listener) => units.onExit(listener),
    shutdown: async () => {
      await units.stopAll(SHUTDOWN_GRACE_MS)
      await ports.clear()
      await rm(views, { recursive: true, force: true })
    },
    [Symbol.asyncDispose]: async () => units.letGo(),
  }
}
