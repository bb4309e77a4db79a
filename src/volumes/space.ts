// How much room a file system has, and how much a folder takes.
import { statfs } from 'node:fs/promises'
import { execOk } from '#lib/exec.ts'

export interface Space {
  readonly sizeBytes: number
  readonly usedBytes: number
  /** What an unprivileged writer can still use. */
  readonly freeBytes: number
}

export async function spaceOf(path: string): Promise<Space> {
  const { bsize, blocks, bfree, bavail } = await statfs(path)
  return { sizeBytes: blocks * bsize, usedBytes: (blocks - bfree) * bsize, freeBytes: bavail * bsize }
}

/** Bytes allocated to everything in a folder, hard links counted once. */
export async function allocatedBytes(path: string): Promise<number> {
  const said = await execOk(['du', '-sk', path])
  return Number.parseInt(said, 10) * 1024
}
