// The pool grows before it is full and never promises what its disk does not have.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { growableBytes, lowWater, planGrowth, usableBytes, type PoolState } from './growth.ts'

const MiB = 1024 ** 2
const GiB = 1024 ** 3
const calm: PoolState = {
  sizeBytes: 8 * GiB,
  allocatedBytes: 1 * GiB,
  freeBytes: 7 * GiB,
  hostFreeBytes: 100 * GiB,
  floorBytes: 5 * GiB,
  maxBytes: Infinity,
}

test('a pool with a quarter free stays as it is', () => {
  expect(planGrowth({ ...calm, freeBytes: lowWater(calm.sizeBytes) })).toEqual({ kind: 'enough' })
})

test('a low pool grows by half', () => {
  expect(planGrowth({ ...calm, allocatedBytes: 7 * GiB, freeBytes: 1 * GiB })).toEqual({ kind: 'grow', toBytes: 12 * GiB })
})

test('the last steps are smaller: as much as the disk has above its floor', () => {
  const state = { ...calm, allocatedBytes: 8 * GiB, freeBytes: 1 * GiB, hostFreeBytes: 5 * GiB + 100 * MiB }
  expect(planGrowth(state)).toEqual({ kind: 'grow', toBytes: 8 * GiB + 100 * MiB })
})

test('holes of the file count as taken, and the refusal names every figure', () => {
  const state = { ...calm, allocatedBytes: 4 * GiB, freeBytes: 1 * GiB, hostFreeBytes: 8 * GiB }
  expect(growableBytes(state)).toBe(0)
  expect(planGrowth(state)).toEqual({
    kind: 'refused',
    reason:
      'The pool has 1.1 GB of 8.6 GB free and cannot grow: its disk has 8.6 GB free, of which 4.3 GB are promised to the pool and 5.4 GB must stay free.',
  })
})

test('a set maximum is the end', () => {
  const refused = planGrowth({ ...calm, freeBytes: 0, maxBytes: 8 * GiB })
  expect(refused).toEqual({ kind: 'refused', reason: 'The pool has 0 kB of 8.6 GB free and may not grow past 8.6 GB.' })
})

test('with its disk full a pool can use only the blocks it already has', () => {
  expect(usableBytes({ ...calm, hostFreeBytes: 0 })).toBe(0)
  expect(usableBytes({ ...calm, allocatedBytes: 3 * GiB, hostFreeBytes: 0 })).toBe(2 * GiB)
})

test('whatever the figures: growth never shortens the file, passes the maximum or eats the floor', () => {
  const bytes = fc.integer({ min: 0, max: 2 ** 42 })
  fc.assert(
    fc.property(
      bytes,
      fc.double({ min: 0, max: 1, noNaN: true }),
      bytes,
      bytes,
      bytes,
      bytes,
      (sizeBytes, share, freeBytes, hostFreeBytes, floorBytes, maxBytes) => {
        const state = { sizeBytes, allocatedBytes: Math.floor(sizeBytes * share), freeBytes, hostFreeBytes, floorBytes, maxBytes }
        const growth = planGrowth(state)
        if (growth.kind !== 'grow') return
        expect(growth.toBytes).toBeGreaterThan(sizeBytes)
        expect(growth.toBytes).toBeLessThanOrEqual(maxBytes + MiB)
        const holes = growth.toBytes - state.allocatedBytes
        expect(hostFreeBytes - holes).toBeGreaterThanOrEqual(floorBytes - MiB)
      },
    ),
  )
})
