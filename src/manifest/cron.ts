// Cron specs of the project format: five fields, and `H` for "some time, always the same, spread over the projects".
import { createHash } from 'node:crypto'
import { Cron as Schedule } from 'croner'
import type { Cron } from './project.ts'

const FIELDS = [
  { name: 'minute', low: 0, high: 59 },
  { name: 'hour', low: 0, high: 23 },
  { name: 'day of month', low: 1, high: 31 },
  { name: 'month', low: 1, high: 12, names: 'JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC' },
  { name: 'day of week', low: 0, high: 7, names: 'SUN|MON|TUE|WED|THU|FRI|SAT' },
] as const

export type ParsedCron =
  | { readonly ok: true; readonly schedule: string }
  | { readonly ok: false; readonly message: string; readonly expected: string }

/** The spec with every `H` settled by `seed` (the application's and the cron's name: stable, no two crons alike). */
export function parseCron(spec: string, seed: string): ParsedCron {
  const words = spec.trim().split(/\s+/)
  if (words.length !== FIELDS.length) {
    return refusal(`${words.length === 1 ? 'one field' : `${words.length} fields`} where a cron has five`)
  }
  const fields: string[] = []
  for (const [index, field] of FIELDS.entries()) {
    const resolved = resolveField(words[index] ?? '', field, `${seed}\n${field.name}`)
    if (resolved === undefined)
      return refusal(`"${words[index]}" is not a ${field.name}`, `${field.low} to ${field.high}, *, lists, ranges and steps`)
    fields.push(resolved)
  }
  const schedule = fields.join(' ')
  if (next(schedule, new Date('2024-01-01T00:00:00Z'), 'UTC') === undefined)
    return refusal('there is no such day in any year', 'a day that comes')
  return { ok: true, schedule }
}

/** The first time strictly after `after` at which the cron is due, to the minute, by the clock of `timezone` (IANA name). */
export function nextRun(cron: Pick<Cron, 'schedule'>, after: Date, timezone: string): Date {
  return next(cron.schedule, after, timezone) ?? new Date(8.64e15)
}

export function isTimezone(name: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }) !== undefined && !/^[+-]/.test(name)
  } catch {
    return false
  }
}

function next(schedule: string, after: Date, timezone: string): Date | undefined {
  return new Schedule(schedule, { mode: '5-part', timezone, paused: true }).nextRun(after) ?? undefined
}

/** A field as the scheduler takes it: names as numbers, `H` settled; undefined when it is not one. */
function resolveField(text: string, field: (typeof FIELDS)[number], seed: string): string | undefined {
  const hashed = /^H(?:\/(\d{1,2}))?$/i.exec(text)
  if (hashed !== null) return settle(field, hashed[1], seed)
  const parts = text.split(',').map((part) => resolvePart(part, field))
  return parts.length <= 60 && parts.every((part) => part !== undefined) ? parts.join(',') : undefined
}

function settle({ low, high, name }: (typeof FIELDS)[number], step: string | undefined, seed: string): string | undefined {
  const last = name === 'day of month' ? 28 : name === 'day of week' ? 6 : high
  const hash = createHash('sha256').update(seed).digest().readUInt32BE(0)
  if (step === undefined) return String(low + (hash % (last - low + 1)))
  const every = Number(step)
  return every >= 1 && every <= last ? `${low + (hash % every)}-${high}/${every}` : undefined
}

function resolvePart(part: string, field: (typeof FIELDS)[number]): string | undefined {
  const match = /^(\*|\w+)(?:-(\w+))?(?:\/(\d{1,2}))?$/.exec(part)
  if (match === null) return undefined
  const [, first = '', end, step] = match
  const from = first === '*' ? field.low : numberOf(first, field)
  const to = end === undefined ? (first === '*' || step !== undefined ? field.high : from) : numberOf(end, field)
  if (from === undefined || to === undefined || from > to || (first === '*' && end !== undefined)) return undefined
  if (step !== undefined && (Number(step) < 1 || Number(step) > field.high)) return undefined
  if (first === '*') return step === undefined ? '*' : `*/${step}`
  return `${from}${to === from ? '' : `-${to}`}${step === undefined || to === from ? '' : `/${step}`}`
}

function numberOf(word: string, field: (typeof FIELDS)[number]): number | undefined {
  const names = 'names' in field ? field.names.split('|') : []
  const named = names.indexOf(word.toUpperCase())
  const value = named >= 0 ? named + field.low : /^\d{1,2}$/.test(word) ? Number(word) : NaN
  return value >= field.low && value <= field.high ? value : undefined
}

function refusal(message: string, expected = 'minute, hour, day of month, month and day of week, like "*/20 * * * *"'): ParsedCron {
  return { ok: false, message, expected }
}
