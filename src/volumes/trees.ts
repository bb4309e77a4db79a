// Volumes as plain folders on a file system that is there: what the reflink and the copy driver have in common.
import { chmod, mkdir, rename, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { execOk } from '#lib/exec.ts'
import { fail, isNoSpace, isTaken, noSpace } from './errors.ts'
import { halfMadeName, leftovers } from './halfmade.ts'
import { Layout, nameOf, syncFolder, type Kind } from './layout.ts'
import { spaceOf } from './space.ts'
import { Turns } from './turns.ts'
import type { Volumes, VolumeUsage } from './volumes.ts'

export interface TreeDriver {
  readonly name: Volumes['name']
  readonly limits: readonly string[]
  /** Throws `volumes.unsupported` when this folder cannot be used so. */
  check(folder: string): Promise<void>
  /** Copies a whole folder to a path that does not exist: owners, modes, times, links, holes and extended attributes. */
  copy(from: string, to: string): Promise<void>
  /** Bytes a copy of this folder takes at once. */
  copyNeeds(from: string): Promise<number>
  usage(path: string): Promise<VolumeUsage>
}

export function createTreeVolumes(folder: string, driver: TreeDriver): Volumes {
  const layout = new Layout(folder)
  const turns = new Turns()

  return {
    name: driver.name,
    limits: driver.limits,
    atomic: false,

    async open() {
      await layout.make()
      await driver.check(folder)
      for (const kind of ['volumes', 'snapshots'] as const) {
        for (const path of await leftovers(layout.folder(kind))) await removeTree(path)
      }
    },

    async create(volume) {
      const path = layout.path('volumes', volume)
      await turns.take(path, async () => {
        if (await layout.exists('volumes', volume)) return
        await appear('volumes', path, `create volume ${volume}`, 0, async (half) => {
          await mkdir(half)
          await chmod(half, 0o711)
        })
      })
      return layout.locate('volumes', volume)
    },

    locate: (volume) => layout.locate('volumes', volume),
    exists: async (volume) => await layout.exists('volumes', volume),
    locateSnapshot: (snapshot) => layout.locate('snapshots', snapshot),

    async snapshot(volume, snapshot) {
      const to = layout.path('snapshots', snapshot)
      await turns.take(to, async () => {
        if (await layout.exists('snapshots', snapshot)) return
        await copyTree(await layout.existing('volumes', volume), 'snapshots', to, `snapshot volume ${volume}`)
      })
    },

    async clone(origin, volume) {
      const to = layout.path('volumes', volume)
      await turns.take(to, async () => {
        if (await layout.exists('volumes', volume)) return
        await copyTree(await layout.origin(origin), 'volumes', to, `clone ${nameOf(origin)}`)
      })
      return layout.locate('volumes', volume)
    },

    destroy: async (volume) => await destroy('volumes', volume),
    destroySnapshot: async (snapshot) => await destroy('snapshots', snapshot),

    async usage(volume) {
      return await driver.usage(await layout.existing('volumes', volume))
    },

    async list() {
      return { volumes: await layout.ids('volumes'), snapshots: await layout.ids('snapshots') }
    },

    async capacity() {
      return { freeBytes: (await spaceOf(folder)).freeBytes, growableBytes: 0 }
    },

    async detach() {
      // Folders are nobody's but their own.
    },

    async remove() {
      await removeTree(layout.folder('volumes'))
      await removeTree(layout.folder('snapshots'))
      // Whatever else somebody keeps in this folder is not ours to remove.
      await rmdir(folder).catch(() => undefined)
    },

    async [Symbol.asyncDispose]() {
      // Nothing is held: folders stay where they are.
    },
  }

  async function copyTree(from: string, kind: Kind, to: string, what: string): Promise<void> {
    const { freeBytes } = await spaceOf(folder)
    const neededBytes = await driver.copyNeeds(from)
    if (neededBytes > freeBytes) throw noSpace(what, folder, freeBytes, neededBytes)
    await appear(kind, to, what, neededBytes, async (half) => {
      await driver.copy(from, half)
      // Without this a power cut could leave a whole tree of names with empty files behind them.
      await execOk(process.platform === 'linux' ? ['sync', '-f', half] : ['sync'])
    })
  }

  /** What `make` builds under a temporary name gets its real one only when it is whole and on the disk. */
  async function appear(kind: Kind, path: string, what: string, neededBytes: number, make: (half: string) => Promise<void>): Promise<void> {
    const half = join(layout.folder(kind), halfMadeName())
    try {
      await make(half)
      await rename(half, path)
      await syncFolder(layout.folder(kind))
    } catch (error) {
      await removeTree(half)
      if (isTaken(error)) return
      if (!isNoSpace(error)) throw fail('copy_failed', `Could not ${what} in ${folder}.`, { cause: error })
      throw noSpace(what, folder, (await spaceOf(folder)).freeBytes, neededBytes || undefined, error)
    }
  }

  async function destroy(kind: Kind, id: string): Promise<void> {
    const path = layout.path(kind, id)
    await turns.take(path, async () => {
      if (!(await layout.exists(kind, id))) return
      // Gone at once under its name; a crash while its files are being removed leaves nothing that looks whole.
      const half = join(layout.folder(kind), halfMadeName())
      await rename(path, half)
      await syncFolder(layout.folder(kind))
      await removeTree(half)
    })
  }
}

/** By `rm`, which also manages trees deeper than a path can be long. */
async function removeTree(path: string): Promise<void> {
  await execOk(['rm', '-rf', '--', path])
}
