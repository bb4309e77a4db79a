// How long a process that keeps ending waits before it is started again.

const STEADY_MS = 60_000
const LONGEST_MS = 60_000

export interface Backoff {
  /** Ends in a row, each before the process had been up for a minute. */
  readonly inARow: number
  readonly delayMs: number
}

/** 1 s doubling to 60 s; a minute of running wipes the slate clean. `inARow` is the count before this exit. */
export function nextBackoff(inARow: number, ranMs: number): Backoff {
  const count = ranMs >= STEADY_MS ? 0 : inARow
  return { inARow: count + 1, delayMs: Math.min(LONGEST_MS, 1000 * 2 ** Math.min(count, 10)) }
}
