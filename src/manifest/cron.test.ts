import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isTimezone, nextRun, parseCron } from './cron.ts'

function scheduleOf(spec: string, seed = 'app\ncron'): string {
  const parsed = parseCron(spec, seed)
  return parsed.ok ? parsed.schedule : `refused: ${parsed.message}`
}

test.each([
  ['*/20 * * * *', '*/20 * * * *'],
  ['0 3 * * MON-FRI', '0 3 * * 1-5'],
  [' 5,35  1 1 JAN,jul * ', '5,35 1 1 1,7 *'],
  ['7/15 * * * *', '7-59/15 * * * *'],
  ['0 0 29 2 *', '0 0 29 2 *'],
  ['0 0 * * 7', '0 0 * * 7'],
])('%s is read', (spec, schedule) => expect(scheduleOf(spec)).toBe(schedule))

test.each([
  '', '* * * *', '* * * * * *', '@daily', '60 * * * *', '* 24 * * *', '* * 0 * *', '* * * 13 *', '* * * * 8', '*/0 * * * *', '5-1 * * * *',
  '? * * * *', '* * L * *', '* * * * 5#2', '* * 15W * *', '1,,2 * * * *', '0 0 31 2 *', 'a * * * *', '* * * * $(id)', '-1 * * * *', '*-5 * * * *', 'H/0 * * * *',
])('%s is refused with a reason', (spec) => expect(scheduleOf(spec)).toMatch(/^refused: .+/)) // prettier-ignore

test('H is stable for one cron, within the field, and spread over crons', () => {
  expect(scheduleOf('H * * * *')).toBe(scheduleOf('H * * * *'))
  const minutes = Array.from({ length: 200 }, (_, index) => Number(scheduleOf('H * * * *', `cron ${index}`).split(' ')[0]))
  expect(Math.min(...minutes)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...minutes)).toBeLessThanOrEqual(59)
  expect(new Set(minutes).size).toBeGreaterThan(40)
  expect(scheduleOf('H/15 * * * *')).toMatch(/^([0-9]|1[0-4])-59\/15 \* \* \* \*$/)
  expect(scheduleOf('H H H H H')).not.toContain('H')
})

const field = (low: number, high: number) =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min: low, max: high }).map(String),
    fc.integer({ min: 1, max: high }).map((step) => `*/${step}`),
    fc
      .tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high }))
      .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    fc.uniqueArray(fc.integer({ min: low, max: high }), { minLength: 1, maxLength: 4 }).map((values) => values.join(',')),
  )
const dates = fc.date({ min: new Date('2024-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })

function matches(text: string, value: number, low: number, high: number): boolean {
  return text.split(',').some((part) => {
    const [range = '', step = '1'] = part.split('/')
    const [from = low, to = from] = range === '*' ? [low, high] : range.split('-').map(Number)
    return value >= from && value <= to && (value - from) % Number(step) === 0
  })
}

test('the next run is the first minute after that every field allows', () => {
  fc.assert(
    fc.property(field(0, 59), field(0, 23), dates, (minute, hour, after) => {
      const schedule = scheduleOf(`${minute} ${hour} * * *`)
      const run = nextRun({ schedule }, after, 'UTC')
      const expected = new Date(Math.floor(after.getTime() / 60_000) * 60_000)
      do expected.setTime(expected.getTime() + 60_000)
      while (!matches(minute, expected.getUTCMinutes(), 0, 59) || !matches(hour, expected.getUTCHours(), 0, 23))
      expect(run.toISOString()).toBe(expected.toISOString())
    }),
    { numRuns: 60 },
  )
})

test('any spec that is accepted has a next run after any time, in any zone', () => {
  const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu')
  fc.assert(
    fc.property(fc.tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6)), dates, zones, (fields, after, zone) => {
      const schedule = scheduleOf(fields.join(' '))
      fc.pre(!schedule.startsWith('refused'))
      expect(nextRun({ schedule }, after, zone).getTime()).toBeGreaterThan(after.getTime())
    }),
    { numRuns: 100 },
  )
})

test('nobody can hang or break the parser', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'0123456789*/-,HLW#? ') })),
      (spec) => void parseCron(spec, 's'),
    ),
  )
})

test('clock changes: a daily run in the hour that does not exist still happens that day', () => {
  const run = nextRun({ schedule: '30 2 * * *' }, new Date('2025-03-30T00:00:00Z'), 'Europe/Berlin')
  expect(run.toISOString().slice(0, 10)).toBe('2025-03-30')
})

test('time zones are IANA names', () => {
  expect(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires'].every(isTimezone)).toBe(true)
  expect(['Europe/Berln', '', 'local', '../etc/passwd', '+02:00'].some(isTimezone)).toBe(false)
})
