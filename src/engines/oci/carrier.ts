// Processes as containers: what the supervisor asks for, done by runc and conmon.
import { waitFor } from '#lib/wait.ts'
import type { ProcessSpec } from '#engines/engine.ts'
import type { Carrier, Found } from '#engines/supervisor/carrier.ts'
import { isMentioned, signalQuietly, startOf } from '#engines/supervisor/proc.ts'
import { writeBundle } from './bundle.ts'
import type { HostFacts } from './config.ts'
import type { Layout } from './layout.ts'
import type { Networks } from './network.ts'
import { monitorLogs } from './records.ts'
import type { ContainerState, Runtime } from './runc.ts'
import { checkView } from './view.ts'

const SETTLING_MS = 30_000

export function createContainers(runtime: Runtime, networks: Networks, layout: Layout, host: HostFacts): Carrier {
  return {
    logs: monitorLogs,
    async prepare(spec: ProcessSpec, folder: string) {
      const place = networks.place(spec.network)
      await checkView(spec, place.uid)
      await writeBundle(folder, spec, { ...place, cgroup: `${layout.cgroup}/${spec.id}` }, host)
    },
    make: (id, folder, logBytes) => runtime.create(id, folder, logBytes),
    begin: (id) => runtime.start(id),
    remove: ({ id }) => runtime.remove(id),
    pause: ({ id }) => runtime.pause(id),
    resume: ({ id }) => runtime.resume(id),
    // The first process of a container hands it on.
    terminate: async ({ stopSignal }, pid) => signalQuietly(pid, stopSignal),
    // With the first process of a namespace the kernel ends all others.
    kill: async (_record, pid) => signalQuietly(pid, 'SIGKILL'),
    startOf,
    settle: async ({ id }, folder) => {
      const certain = await waitFor(
        async () => {
          // Asked first: a monitor that is gone by then has made all it ever will.
          const busy = await isMentioned(folder)
          const state = (await runtime.list()).find((each) => each.id === id)
          if (state !== undefined && state.status !== 'creating' && state.status !== 'stopped') return { state }
          return busy ? undefined : { state }
        },
        { timeoutMs: SETTLING_MS, everyMs: 20 },
      )
      return certain?.state === undefined ? undefined : found(certain.state)
    },
    survey: async () => new Map((await runtime.list()).map((state) => [state.id, found(state)])),
  }
}

function found({ pid, status }: ContainerState): Found {
  switch (status) {
    case 'creating':
    case 'created':
      return { pid, state: 'waiting' }
    case 'running':
    case 'pausing':
      return { pid, state: 'running' }
    case 'paused':
      return { pid, state: 'paused' }
    case 'stopped':
      return { pid, state: 'gone' }
  }
}
