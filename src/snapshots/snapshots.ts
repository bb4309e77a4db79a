// Snapshots: the state of all volumes of an environment at one moment, and volumes cloned from it.
import type { Clock } from '#lib/clock.ts'
import type { Engine } from '#engines/engine.ts'
import type { Environment } from '#environments/environments.ts'
import { errorTable } from '#lib/errors.ts'
import type { Location } from '#lib/location.ts'
import type { Volumes } from '#volumes/volumes.ts'

export const fail = errorTable('snapshots', {
  no_data: { status: 422, advice: 'Deploy the parent first; an environment is cloned from one that runs.' },
})

export interface Snapshots {
  /** Where the volume of an environment is, or will be. */
  homeOf(environment: Environment): Location
  /** The volume of an environment, empty when it is new. */
  empty(environment: Environment): Promise<string>
  /**
   * A volume for `child` with the parent's data as it is now. `quiesce` is called right before it is cloned; on storage whose clones
   * are not a point in time, the parent's processes are frozen for as long as the copy takes.
   */
  cloneOf(parent: Environment, child: Environment, quiesce: () => Promise<void>): Promise<{ volume: string; at: Date }>
  locate(volume: string): Location
  /** Removes an environment's volume. */
  remove(environment: Environment): Promise<void>
}

interface Dependencies {
  readonly volumes: Volumes
  readonly engine: Engine
  readonly clock: Clock
}

export function createSnapshots({ volumes, engine, clock }: Dependencies): Snapshots {
  const volumeOf = (environment: Environment) => `${environment.id}-v1`

  return {
    locate: (volume) => volumes.locate(volume),
    homeOf: (environment) => volumes.locate(volumeOf(environment)),
    async empty(environment) {
      await volumes.create(volumeOf(environment))
      return volumeOf(environment)
    },
    async cloneOf(parent, child, quiesce) {
      if (parent.volume === null) throw fail('no_data', `The environment ${parent.branch} has no data yet`)
      const volume = volumeOf(child)
      await quiesce()
      const at = new Date(clock.now())
      if (volumes.atomic) await volumes.clone({ volume: parent.volume }, volume)
      else await cloneFrozen(parent.id, parent.volume, volume)
      return { volume, at }
    },
    async remove(environment) {
      await volumes.destroy(volumeOf(environment))
    },
  }

  async function cloneFrozen(environmentId: string, from: string, to: string): Promise<void> {
    await engine.pause(environmentId)
    try {
      await volumes.clone({ volume: from }, to)
    } finally {
      await engine.unpause(environmentId)
    }
  }
}
