// What the btrfs driver needs of the file system it works in, whether it is Friday's own loop file or one that was there.
import { statfs } from 'node:fs/promises'
import { exec } from '#lib/exec.ts'
import { fail } from '#volumes/errors.ts'
import { spaceOf } from '#volumes/space.ts'
import * as commands from './commands.ts'

const DELETED_WITHIN_MS = 10_000

export interface Pool extends AsyncDisposable {
  /** Root of the file system, or the folder in it that is Friday's. */
  readonly path: string
  readonly limits: readonly string[]
  open(): Promise<void>
  /** Grows if it is time to; throws `volumes.no_space` when there is no room to begin `what`. */
  makeRoom(what: string): Promise<void>
  capacity(): Promise<{ freeBytes: number; growableBytes: number }>
  /** Something was deleted: its blocks may go back to the host when there is time. */
  released(): void
  detach(): Promise<void>
  remove(): Promise<void>
}

const BTRFS_MAGIC = 0x9123683e

export async function isBtrfs(path: string): Promise<boolean> {
  return (await statfs(path)).type === BTRFS_MAGIC
}

/**
 * Waits until what was deleted is also free (at most 10 s). Left alone, btrfs begins with it at its next regular commit,
 * half a minute later; asking for a sync makes it begin now.
 */
export async function settleDeletes(path: string, signal?: AbortSignal): Promise<void> {
  await exec(commands.writeOut(path), { signal })
  await exec(commands.awaitDeleted(path), { signal, timeoutMs: DELETED_WITHIN_MS })
}

/** A folder on a btrfs that somebody else made, sized and mounted: Friday neither grows nor trims nor removes it. */
export function existingPool(path: string): Pool {
  return {
    path,
    limits: [],
    async open() {
      if (await isBtrfs(path)) return
      throw fail('unsupported', `${path} is not on a btrfs file system.`, { path })
    },
    makeRoom: async () => undefined,
    capacity: async () => ({ freeBytes: (await spaceOf(path)).freeBytes, growableBytes: 0 }),
    released: () => undefined,
    detach: async () => undefined,
    remove: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  }
}
