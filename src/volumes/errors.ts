// What can go wrong with volumes, whichever driver keeps them.
import { errorTable, FridayError, messageOf } from '#lib/errors.ts'

export const fail = errorTable('volumes', {
  bad_id: { status: 400, advice: 'Use 1 to 60 characters of a-z, 0-9 and "-".' },
  no_volume: { status: 404, advice: 'Create the volume first, or look at the list of volumes.' },
  no_snapshot: { status: 404, advice: 'Look at the list of snapshots; it may have been removed.' },
  no_space: { status: 507, advice: 'Delete environments that are no longer used, or give the disk more room.' },
  unsupported: { status: 501, advice: 'Choose another volume driver in the settings (volumes: btrfs, reflink or copy).' },
  pool_broken: { status: 500, advice: 'Look at what is mounted on the pool folder before starting Friday again.' },
  copy_failed: { status: 500, advice: 'Read the cause; nothing was left behind, so it can be tried again.' },
  in_use: { status: 409, advice: 'Stop what still runs on these volumes, then try again.' },
})

/** True for a program or a system call that ended because a file system was full. */
export function isNoSpace(error: unknown): boolean {
  return /No space left on device|ENOSPC/.test(messageOf(error))
}

/** True for a rename onto something another process made first. */
export function isTaken(error: unknown): boolean {
  return ['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')
}

/** The error a full file system becomes: what was being done, what it needed (bytes, if known) and what is free. */
export function noSpace(what: string, where: string, freeBytes: number, neededBytes: number | undefined, cause?: unknown): FridayError {
  const needed = neededBytes === undefined ? 'more than that is needed' : `${sizeOf(neededBytes)} are needed`
  return fail('no_space', `No room to ${what}: ${where} has ${sizeOf(freeBytes)} free, ${needed}.`, {
    cause,
    where,
    freeBytes,
    neededBytes,
  })
}

/** Bytes as a person reads them: `812 MB`, `1.4 GB` (powers of 1000). */
export function sizeOf(bytes: number): string {
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}
