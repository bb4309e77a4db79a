// Waiting on a condition, never on a guess of how long something takes.
import { setTimeout as delay } from 'node:timers/promises'

export interface WaitOptions {
  /** Gives up after this many milliseconds by returning undefined. */
  readonly timeoutMs: number
  /** Pause between two looks, milliseconds; default 10. */
  readonly everyMs?: number
  readonly signal?: AbortSignal
}

/** Calls `look` until it returns something other than undefined or false; undefined after `timeoutMs`. A throwing `look` ends the wait. */
export async function waitFor<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs, everyMs = 10, signal }: WaitOptions,
): Promise<T | undefined> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    signal?.throwIfAborted()
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (performance.now() >= deadline) return undefined
    await delay(everyMs, undefined, { signal })
  }
}
