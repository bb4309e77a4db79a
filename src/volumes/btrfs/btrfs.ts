// The driver on btrfs: a volume is a subvolume, so a snapshot or a clone of any size is one atomic call.
import { chmod, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { execOk } from '#lib/exec.ts'
import { isNoSpace, isTaken, noSpace } from '#volumes/errors.ts'
import { halfMadeName, leftovers } from '#volumes/halfmade.ts'
import { isFolder, Layout, nameOf, syncFolder, type Kind } from '#volumes/layout.ts'
import { Turns } from '#volumes/turns.ts'
import type { Volumes } from '#volumes/volumes.ts'
import { usageOf } from './answers.ts'
import * as commands from './commands.ts'
import { grownPool, type GrownPoolOptions } from './grown.ts'
import { deleteWithNested } from './nested.ts'
import { existingPool, settleDeletes } from './pool.ts'

export interface BtrfsVolumesOptions extends GrownPoolOptions {
  /** A folder on a btrfs that is there already; without it Friday keeps a loop file `pool.img` in `folder`. */
  readonly pool?: string
}

/** Needs root and btrfs-progs. Sizes in bytes. */
export function createBtrfsVolumes(options: BtrfsVolumesOptions): Volumes {
  const pool = options.pool === undefined ? grownPool(options) : existingPool(options.pool)
  const layout = new Layout(pool.path)
  const turns = new Turns()

  return {
    name: 'btrfs',
    atomic: true,
    limits: [
      'A snapshot holds all that was fsynced; of later writes it may hold some without those before them, so services are quiesced first.',
      'Each fsync costs several times that of ext4 (docs/decisions/002-volumes-default-driver.md).',
      ...pool.limits,
    ],

    async open() {
      await pool.open()
      await layout.make()
      for (const kind of ['volumes', 'snapshots'] as const) {
        for (const path of await leftovers(layout.folder(kind))) await discard(path)
      }
    },

    async create(volume) {
      await appear('volumes', volume, `create volume ${volume}`, async (half) => {
        await execOk(commands.createSubvolume(half))
        await chmod(half, 0o711)
      })
      return layout.locate('volumes', volume)
    },

    locate: (volume) => layout.locate('volumes', volume),
    exists: async (volume) => await layout.exists('volumes', volume),
    locateSnapshot: (snapshot) => layout.locate('snapshots', snapshot),

    async snapshot(volume, snapshot) {
      layout.path('volumes', volume)
      await appear('snapshots', snapshot, `snapshot volume ${volume}`, async (half) => {
        await execOk(commands.snapshotSubvolume(await layout.existing('volumes', volume), half, true))
      })
    },

    async clone(origin, volume) {
      await appear('volumes', volume, `clone ${nameOf(origin)}`, async (half) => {
        await execOk(commands.snapshotSubvolume(await layout.origin(origin), half, false))
      })
      return layout.locate('volumes', volume)
    },

    destroy: async (volume) => await destroy('volumes', volume),
    destroySnapshot: async (snapshot) => await destroy('snapshots', snapshot),

    async usage(volume) {
      const path = await layout.existing('volumes', volume)
      // What is not written out yet has no extents, and would count as nothing.
      await execOk(commands.writeOut(pool.path))
      return usageOf(await execOk(commands.diskUsage(path)))
    },

    async list() {
      return { volumes: await layout.ids('volumes'), snapshots: await layout.ids('snapshots') }
    },

    capacity: async () => await pool.capacity(),

    detach: async () => await pool.detach(),

    async remove() {
      if (options.pool !== undefined) await empty()
      await pool.remove()
    },

    [Symbol.asyncDispose]: async () => await pool[Symbol.asyncDispose](),
  }

  /** Made under a temporary name in the same folder (a read-only subvolume cannot move to another) and then given its own. */
  async function appear(kind: Kind, id: string, what: string, make: (half: string) => Promise<void>): Promise<void> {
    const path = layout.path(kind, id)
    await turns.take(path, async () => {
      if (await layout.exists(kind, id)) return
      await pool.makeRoom(what)
      const attempt = async () => await appearOnce(kind, path, make)
      try {
        await attempt().catch(async (error: unknown) => {
          if (!isNoSpace(error)) throw error
          await settleDeletes(pool.path)
          await attempt()
        })
      } catch (error) {
        if (!isNoSpace(error)) throw error
        throw noSpace(what, pool.path, (await pool.capacity()).freeBytes, undefined, error)
      }
    })
  }

  async function appearOnce(kind: Kind, path: string, make: (half: string) => Promise<void>): Promise<void> {
    const half = join(layout.folder(kind), halfMadeName())
    try {
      await make(half)
      await rename(half, path)
      await syncFolder(layout.folder(kind))
    } catch (error) {
      if (await isFolder(half)) await discard(half)
      if (!isTaken(error)) throw error
    }
  }

  async function destroy(kind: Kind, id: string): Promise<void> {
    const path = layout.path(kind, id)
    await turns.take(path, async () => {
      if (!(await layout.exists(kind, id))) return
      // Not renamed first: a full btrfs still deletes, but has no room for a new name.
      await discard(path)
      pool.released()
    })
  }

  async function discard(path: string): Promise<void> {
    if (await isBtrfsSubvolume(path)) await deleteWithNested(path)
    else await rm(path, { recursive: true, force: true })
  }

  /** A pool that was there before us keeps everything but our two folders. */
  async function empty(): Promise<void> {
    for (const kind of ['volumes', 'snapshots'] as const) {
      if (!(await isFolder(layout.folder(kind)))) continue
      for (const id of await layout.ids(kind)) await destroy(kind, id)
      for (const path of await leftovers(layout.folder(kind))) await discard(path)
      await rm(layout.folder(kind), { recursive: true, force: true })
    }
  }
}

async function isBtrfsSubvolume(path: string): Promise<boolean> {
  return (await stat(path)).ino === 256
}
