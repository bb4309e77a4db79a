// The back-off of processes that keep ending.
import { expect, test } from 'vitest'
import { nextBackoff } from './backoff.ts'

test('1 s doubling to 60 s, and a minute of running begins anew', () => {
  const delays: number[] = []
  for (let inARow = 0, n = 0; n < 9; n++) {
    const next = nextBackoff(inARow, 10)
    inARow = next.inARow
    delays.push(next.delayMs / 1000)
  }
  expect(delays).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
  expect(nextBackoff(8, 60_000)).toEqual({ inARow: 1, delayMs: 1000 })
})
