// Friday's own log: one JSON line per event on standard error, static message plus fields.
import { pino } from 'pino'

export type Log = Pick<ReturnType<typeof pino>, 'debug' | 'info' | 'warn' | 'error'>

export function createLog(level: string): Log {
  return pino({ level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }))
}

/** For tests and tools that have nobody to tell. */
export const silentLog: Log = pino({ level: 'silent' })
