// Compiles the regular expressions projects write, so that none of them can stop the router for everybody.
import { setFlagsFromString } from 'node:v8'
import { messageOf } from '#lib/errors.ts'
import { fail } from '#router/errors.ts'

// V8 then finishes a match that backtracks too much in its linear-time engine instead of for minutes.
setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')

/** Rules see at most this many characters of a path. */
export const MAX_SUBJECT = 2048

const MAX_SOURCE = 1000
const NOT_LINEAR = /\(\?<?[=!]|\\[1-9]|\\k</
const REPEATED_GROUP = /\)[*+{]/
const UNBOUNDED = /[^\\][*+]|\{\d+,\}/g
const LARGE_COUNT = /\{\d{0,}(?:\d{3}|\d{3},\d*|\d*,\d{3,})\}/

/** The expression, or an error that names it and where it stands. A leading `(?i)` is understood. */
export function compilePattern(source: string, where: string): RegExp {
  const insensitive = source.startsWith('(?i)')
  const body = insensitive ? source.slice(4) : source
  const problem = problemOf(body)
  if (problem !== undefined) throw fail('bad_pattern', `${where}: the pattern ${shown(source)} ${problem}`)
  try {
    return new RegExp(body, insensitive ? 'i' : '')
  } catch (error) {
    throw fail('bad_pattern', `${where}: the pattern ${shown(source)} is not a regular expression: ${messageOf(error)}`, { cause: error })
  }
}

// Lookarounds and back references have no linear-time engine, so these must not be able to backtrack far.
function problemOf(source: string): string | undefined {
  if (source.length > MAX_SOURCE) return `is longer than ${MAX_SOURCE} characters`
  if (LARGE_COUNT.test(source)) return 'repeats more than 99 times'
  if (!NOT_LINEAR.test(source)) return undefined
  if (REPEATED_GROUP.test(source)) return 'repeats a group beside a lookaround or back reference, which can run for minutes'
  if ((source.match(UNBOUNDED) ?? []).length > 2)
    return 'has more than two unbounded repeats beside a lookaround or back reference, which can run for minutes'
  return undefined
}

function shown(source: string): string {
  return JSON.stringify(source.length > 120 ? `${source.slice(0, 120)}…` : source)
}
