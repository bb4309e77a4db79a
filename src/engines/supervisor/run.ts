// A process run to its end: its output handed on as it comes, its time limit kept, also when somebody else had started it.
import type { Clock } from '#lib/clock.ts'
import type { RunOptions, RunResult } from '#engines/engine.ts'
import { readLog, type LogFormat } from './logs.ts'
import type { Unit } from './unit.ts'

/** Between SIGTERM and SIGKILL when the time is over or the run is cancelled. */
const LAST_WORDS_MS = 2000

/** Rejects with the reason of `signal` or `letGo`; the latter leaves the process running. */
export async function runToEnd(
  unit: Unit,
  format: LogFormat,
  { onOutput, timeoutMs, signal }: RunOptions,
  letGo: AbortSignal,
  clock: Clock,
): Promise<RunResult> {
  const reading = handOn(unit, format, onOutput, letGo)
  // Awaited below; until then a failure must not count as unhandled.
  reading.catch(() => undefined)
  const left = Math.max(0, unit.record.startedAt + timeoutMs - clock.now())
  const deadline = AbortSignal.timeout(Math.min(left, 2 ** 31 - 1))
  const cut = AbortSignal.any([deadline, letGo, ...(signal === undefined ? [] : [signal])])
  await unit.ended(cut).catch(() => undefined)
  letGo.throwIfAborted()
  if (unit.exit === undefined) {
    if (!signal?.aborted) {
      unit.record.timedOut = true
      await unit.save()
    }
    await unit.end(LAST_WORDS_MS)
  }
  const { exitCode, outOfMemory } = await unit.ended(letGo)
  await reading
  if (signal?.aborted && unit.record.timedOut !== true) signal.throwIfAborted()
  return { exitCode, outOfMemory, timedOut: unit.record.timedOut === true }
}

async function handOn(unit: Unit, format: LogFormat, onOutput: RunOptions['onOutput'], letGo: AbortSignal): Promise<void> {
  for await (const chunk of readLog(format, unit.logFolder, { from: 0, until: () => unit.exit !== undefined, signal: letGo }))
    onOutput(chunk)
}
