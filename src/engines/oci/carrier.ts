// Processes as containers: what the supervisor asks for, done by runc and conmon.
import { waitFor } from '#lib/wait.ts'
import type { ProcessSpec } from '#engines/engine.ts'
import type { Carrier, Found } from '#engines/supervisor/carrier.ts'
import { isMentioned, signalQuietly, startOf } from '#engines/supervisor/proc.ts'
import { readMounts, settleMounts, writeBundle, writeMounts } from './bundle.ts'
import type { HostFacts } from './config.ts'
import type { LateMounts } from './late.ts'
import type { Layout } from './layout.ts'
import type { Networks } from './network.ts'
import { monitorLogs } from './records.ts'
import type { ContainerState, Runtime } from './runc.ts'
import { checkView } from './view.ts'

const SETTLING_MS = 30_000

export function createContainers(runtime: Runtime, networks: Networks, late: LateMounts, layout: Layout, host: HostFacts): Carrier {
  return {
    logs: monitorLogs,
    async prepare(spec: ProcessSpec, folder: string, ahead: boolean) {
      const place = networks.place(spec.network)
      const mounts = ahead ? await late.standIns(spec.id, spec.mounts) : spec.mounts
      checkView({ ...spec, mounts }, place.uid)
      await writeBundle(folder, { ...spec, mounts }, { ...place, cgroup: `${layout.cgroup}/${spec.id}` }, host)
      if (mounts !== spec.mounts) await writeMounts(folder, spec.mounts)
    },
    make: (id, folder, logBytes) => runtime.create(id, folder, logBytes),
    async begin(id, folder) {
      const mounts = await readMounts(folder)
      if (mounts !== undefined) {
        await late.fill(id, mounts)
        await settleMounts(folder, mounts)
      }
      await runtime.start(id)
    },
    async remove({ id }) {
      await runtime.remove(id)
      await late.remove(id)
    },
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
