// Mounts whose source comes later: a container is made with an empty folder in their place, and the kernel carries what is mounted on
// that folder into it. For that the folder lies on a shared mount, of which every container has a copy that follows.
import { mkdir, readdir, readFile, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Mount } from '#engines/engine.ts'
import { fail } from '#engines/errors.ts'
import { exec } from '#lib/exec.ts'
import { isThere } from '#lib/files.ts'
import { hostPath } from '#lib/location.ts'

export interface LateMounts {
  /** The mounts to make the container `id` with: those that have no source yet get an empty folder as one. */
  standIns(id: string, mounts: readonly Mount[]): Promise<readonly Mount[]>
  /** Gives what stands in for others its source. Idempotent. */
  fill(id: string, mounts: readonly Mount[]): Promise<void>
  remove(id: string): Promise<void>
  removeAll(): Promise<void>
}

export function createLateMounts(folder: string): LateMounts {
  let opening: Promise<void> | undefined

  async function open(): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    if ((await mountedBelow(folder)).includes(folder)) return
    await mount('--bind', '--make-shared', folder, folder)
  }

  async function opened(): Promise<void> {
    opening ??= open()
    await opening.catch((error: unknown) => {
      opening = undefined
      throw error
    })
  }

  const placeOf = (id: string, index: number) => join(folder, id, String(index))

  async function unmountBelow(path: string): Promise<void> {
    for (const place of (await mountedBelow(path)).toReversed()) await exec(['umount', '--lazy', place])
  }

  return {
    async standIns(id, mounts) {
      const there = await Promise.all(mounts.map(({ source }) => isThere(source.path)))
      if (there.every(Boolean)) return mounts
      await opened()
      return Promise.all(
        mounts.map(async (wanted, index) => {
          if (there[index] === true) return wanted
          await mkdir(placeOf(id, index), { recursive: true, mode: 0o755 })
          return { ...wanted, source: hostPath(placeOf(id, index)) }
        }),
      )
    },

    async fill(id, mounts) {
      const places: readonly string[] = await readdir(join(folder, id)).catch(() => [])
      if (places.length === 0) return
      const filled = await mountedBelow(join(folder, id))
      await Promise.all(
        mounts.map(async ({ source, target }, index) => {
          const place = placeOf(id, index)
          if (!places.includes(String(index)) || filled.includes(place)) return
          if (!(await isThere(source.path))) throw fail('mount_failed', `${id}: ${source.path}, to be mounted on ${target}, does not exist`)
          await mount('--bind', source.path, place)
        }),
      )
    },

    async remove(id) {
      if (!(await isThere(join(folder, id)))) return
      await unmountBelow(join(folder, id))
      // Never recursive: should something still be mounted, that is somebody's data.
      for (const name of await readdir(join(folder, id))) await rmdir(join(folder, id, name))
      await rmdir(join(folder, id))
    },

    async removeAll() {
      if (!(await isThere(folder))) return
      for (const id of await readdir(folder)) await this.remove(id)
      await unmountBelow(folder)
      await rm(folder, { recursive: true, force: true })
      opening = undefined
    },
  }
}

async function mount(...args: readonly string[]): Promise<void> {
  const result = await exec(['mount', ...args])
  if (!result.ok) throw fail('mount_failed', `mount ${args.join(' ')} failed: ${result.stderr.trim()}`)
}

/** What is mounted on this folder or below it, in the order it was mounted. */
async function mountedBelow(folder: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n')
  return lines
    .map((line) => line.split(' ')[4]?.replaceAll('\\040', ' ') ?? '')
    .filter((path) => path === folder || path.startsWith(`${folder}/`))
}
