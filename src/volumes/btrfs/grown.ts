// The loop file as a pool: watched, grown before it is full, trimmed after deletes.
import { chmod, mkdir } from 'node:fs/promises'
import { execOk } from '#lib/exec.ts'
import type { Log } from '#lib/log.ts'
import { fail, sizeOf } from '#volumes/errors.ts'
import { spaceOf } from '#volumes/space.ts'
import * as commands from './commands.ts'
import { growableBytes, lowWater, planGrowth, reserve, usableBytes, type Growth, type PoolState } from './growth.ts'
import { LoopFile } from './loop.ts'
import { settleDeletes, type Pool } from './pool.ts'

const MiB = 1024 ** 2
const GiB = 1024 ** 3
/** btrfs resizes no device below this. */
const SMALLEST_POOL = 256 * MiB
const LOOK_EVERY_MS = 200
const TRIM_AFTER_MS = 5000

export interface GrownPoolOptions {
  readonly folder: string
  readonly log: Log
  /** Length of a new file (bytes, sparse); default 8 GiB, less on a small disk. */
  readonly initialBytes?: number
  /** The file never becomes longer; default: as long as the disk allows. */
  readonly maxBytes?: number
  /** Free bytes the host's file system keeps; default 5 % of it, at most 5 GiB. */
  readonly floorBytes?: number
}

export function grownPool({ folder, log, initialBytes = 8 * GiB, maxBytes = Infinity, floorBytes }: GrownPoolOptions): Pool {
  const file = new LoopFile(folder)
  const closing = new AbortController()
  let watch: NodeJS.Timeout | undefined
  let trimTimer: NodeJS.Timeout | undefined
  let tending: Promise<Growth> | undefined
  let trimming: Promise<void> = Promise.resolve()
  let refusedBefore = false

  return {
    path: file.path,
    limits: ['The pool grows only while Friday runs; a quarter of it (at most 2 GiB) is kept free for the time it does not.'],

    async open() {
      await mkdir(folder, { recursive: true, mode: 0o711 })
      await file.ready(firstSize)
      await chmod(file.path, 0o711)
      await tend()
      watch = setInterval(
        () => void tend().catch((error: unknown) => log.error({ err: error }, 'the volume pool cannot be watched')),
        LOOK_EVERY_MS,
      )
      watch.unref()
      trimSoon()
    },

    async makeRoom(what) {
      if (await hasReserve()) return
      await settleDeletes(file.path)
      if (await hasReserve()) return
      const growth = await tend()
      const now = await state()
      const reason =
        growth.kind === 'refused'
          ? growth.reason
          : `The pool has ${sizeOf(now.freeBytes)} free, but its disk only ${sizeOf(now.hostFreeBytes)}.`
      throw fail('no_space', `No room to ${what}. ${reason} Friday makes nothing new below ${sizeOf(reserve(now.sizeBytes))}.`, {
        freeBytes: usableBytes(now),
        neededBytes: reserve(now.sizeBytes),
      })
    },

    async capacity() {
      const now = await state()
      return { freeBytes: usableBytes(now), growableBytes: growableBytes(now) }
    },

    released: trimSoon,

    async detach() {
      await stop()
      await file.detach()
    },

    async remove() {
      await stop()
      await file.remove()
    },

    [Symbol.asyncDispose]: stop,
  }

  async function hasReserve(): Promise<boolean> {
    await tend()
    const now = await state()
    return usableBytes(now) >= reserve(now.sizeBytes)
  }

  async function firstSize(): Promise<number> {
    const { freeBytes } = await spaceOf(folder)
    const room = freeBytes - (await floor())
    const size = Math.floor(Math.min(initialBytes, maxBytes, room) / MiB) * MiB
    if (size >= SMALLEST_POOL) return size
    throw fail(
      'no_space',
      `No room for a pool in ${folder}: the disk has ${sizeOf(freeBytes)} free, ${sizeOf(await floor())} must stay free, and a pool needs ${sizeOf(SMALLEST_POOL)}.`,
      { freeBytes, neededBytes: SMALLEST_POOL },
    )
  }

  /** One look at the pool, and growth if it is low. Everybody who asks meanwhile shares the same look. */
  async function tend(): Promise<Growth> {
    tending ??= look().finally(() => (tending = undefined))
    return await tending
  }

  async function look(): Promise<Growth> {
    const before = await state()
    const growth = planGrowth(before)
    if (growth.kind === 'grow') {
      await file.grow(growth.toBytes)
      log.info({ fromBytes: before.sizeBytes, toBytes: growth.toBytes }, 'the volume pool has grown')
    }
    if (growth.kind === 'refused' && !refusedBefore) {
      log.warn(
        { freeBytes: before.freeBytes, lowBytes: lowWater(before.sizeBytes), reason: growth.reason },
        'the volume pool is low and cannot grow',
      )
      trimSoon()
    }
    refusedBefore = growth.kind === 'refused'
    return growth
  }

  async function state(): Promise<PoolState> {
    const [inside, host, size] = await Promise.all([spaceOf(file.path), spaceOf(folder), file.size()])
    return { ...size, freeBytes: inside.freeBytes, hostFreeBytes: host.freeBytes, floorBytes: await floor(), maxBytes }
  }

  async function floor(): Promise<number> {
    return floorBytes ?? Math.min(Math.floor((await spaceOf(folder)).sizeBytes / 20), 5 * GiB)
  }

  /** Deletes alone give the host nothing back for minutes. Many deletes in a row share one trim. */
  function trimSoon(): void {
    if (closing.signal.aborted) return
    trimTimer ??= setTimeout(() => {
      trimTimer = undefined
      trimming = trimming.then(trim)
    }, TRIM_AFTER_MS).unref()
  }

  async function trim(): Promise<void> {
    try {
      await settleDeletes(file.path, closing.signal)
      if (!closing.signal.aborted) await execOk(commands.trim(file.path), { signal: closing.signal })
    } catch (error) {
      if (!closing.signal.aborted) log.warn({ err: error }, 'the volume pool could not be trimmed')
    }
  }

  async function stop(): Promise<void> {
    closing.abort()
    clearInterval(watch)
    clearTimeout(trimTimer)
    await tending?.catch(() => undefined)
    await trimming
  }
}
