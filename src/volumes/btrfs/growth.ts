// When the pool's file grows, by how much, and when it must not. All sizes in bytes.
import { sizeOf } from '#volumes/errors.ts'

const MiB = 1024 ** 2
const GiB = 1024 ** 3
const SMALLEST_STEP = 16 * MiB

export interface PoolState {
  /** Length of the file, and how much of it the host has given blocks to. */
  readonly sizeBytes: number
  readonly allocatedBytes: number
  /** Free inside the pool. */
  readonly freeBytes: number
  /** Free on the file system that holds the file, and what must stay free there. */
  readonly hostFreeBytes: number
  readonly floorBytes: number
  readonly maxBytes: number
}

export type Growth =
  | { readonly kind: 'enough' }
  | { readonly kind: 'grow'; readonly toBytes: number }
  | { readonly kind: 'refused'; readonly reason: string }

/** Room kept free for the time in which nobody is there to grow the pool. */
export function lowWater(sizeBytes: number): number {
  return Math.min(Math.floor(sizeBytes / 4), 2 * GiB)
}

/** Below this nothing new is made: btrfs itself needs room to go on, also for deleting. */
export function reserve(sizeBytes: number): number {
  return Math.min(Math.floor(sizeBytes / 16), 256 * MiB)
}

/**
 * How many bytes longer the file may become. Its holes count as taken: were they all written, the host would still
 * keep its floor. A full host turns btrfs read-only for everybody in the pool while the pool itself shows free space.
 */
export function growableBytes(state: PoolState): number {
  const holes = Math.max(0, state.sizeBytes - state.allocatedBytes)
  const room = Math.min(state.maxBytes - state.sizeBytes, state.hostFreeBytes - holes - state.floorBytes)
  return Math.max(0, Math.floor(room / MiB) * MiB)
}

export function planGrowth(state: PoolState): Growth {
  if (state.freeBytes >= lowWater(state.sizeBytes)) return { kind: 'enough' }
  const growable = growableBytes(state)
  const wanted = Math.min(Math.max(Math.floor(state.sizeBytes / 2), 4 * SMALLEST_STEP), 16 * GiB)
  const step = Math.floor(Math.min(wanted, growable) / MiB) * MiB
  if (step >= SMALLEST_STEP) return { kind: 'grow', toBytes: Math.ceil(state.sizeBytes / MiB) * MiB + step }
  return { kind: 'refused', reason: whyNot(state) }
}

/** Bytes new data can use: free blocks of the pool, as far as the file has blocks for them or the host can still give some. */
export function usableBytes(state: PoolState): number {
  const used = state.sizeBytes - state.freeBytes
  const reusable = Math.max(0, state.allocatedBytes - used)
  return Math.max(0, Math.min(state.freeBytes, state.hostFreeBytes + reusable))
}

function whyNot(state: PoolState): string {
  const size = `The pool has ${sizeOf(state.freeBytes)} of ${sizeOf(state.sizeBytes)} free`
  if (state.sizeBytes + SMALLEST_STEP > state.maxBytes) return `${size} and may not grow past ${sizeOf(state.maxBytes)}.`
  const holes = Math.max(0, state.sizeBytes - state.allocatedBytes)
  return (
    `${size} and cannot grow: its disk has ${sizeOf(state.hostFreeBytes)} free, of which ${sizeOf(holes)} are promised to the pool ` +
    `and ${sizeOf(state.floorBytes)} must stay free.`
  )
}
