// Snapshots: the state of all volumes of an environment at one moment, immutable, and volumes cloned from them.
import type { Engine } from '#engines/engine.ts'
import type { Environment } from '#environments/environments.ts'
import { errorTable } from '#lib/errors.ts'
import type { Location } from '#lib/location.ts'
import type { Volumes } from '#volumes/volumes.ts'

export const fail = errorTable('snapshots', {
  no_data: { status: 422, advice: 'Deploy the parent first; an environment is cloned from one that runs.' },
})

export interface Snapshots {
  /** The volume of an environment, empty when it is new. */
  empty(environment: Environment): Promise<string>
  /**
   * A volume for `child` with the parent's data as it is now. `quiesce` is called right before the snapshot is taken; on storage
   * whose snapshots are not a point in time, the parent's processes are frozen for as long as the copy takes.
   */
  cloneOf(parent: Environment, child: Environment, quiesce: () => Promise<void>): Promise<{ volume: string; snapshot: string }>
  locate(volume: string): Location
  /** Removes an environment's volume and the snapshot it was born from. */
  remove(environment: Environment): Promise<void>
}

interface Dependencies {
  readonly volumes: Volumes
  readonly engine: Engine
}

export function createSnapshots({ volumes, engine }: Dependencies): Snapshots {
  const volumeOf = (environment: Environment) => `${environment.id}-v1`
  const birthOf = (environment: Environment) => `${environment.id}-birth`

  async function snapshot(parent: Environment, id: string, quiesce: () => Promise<void>): Promise<void> {
    if (parent.volume === null) throw fail('no_data', `The environment ${parent.branch} has no data yet`)
    await quiesce()
    if (volumes.atomic) return volumes.snapshot(parent.volume, id)
    await engine.pause(parent.id)
    try {
      await volumes.snapshot(parent.volume, id)
    } finally {
      await engine.unpause(parent.id)
    }
  }

  return {
    locate: (volume) => volumes.locate(volume),
    async empty(environment) {
      await volumes.create(volumeOf(environment))
      return volumeOf(environment)
    },
    async cloneOf(parent, child, quiesce) {
      const id = birthOf(child)
      await snapshot(parent, id, quiesce)
      await volumes.clone(id, volumeOf(child))
      return { volume: volumeOf(child), snapshot: id }
    },
    async remove(environment) {
      await volumes.destroy(volumeOf(environment))
      await volumes.destroySnapshot(birthOf(environment))
    },
  }
}
