// Regular expressions of a project: from PCRE to what the router runs, and refused where they could stall it.
import { quote } from '#manifest/problems.ts'
import type { Place } from '#manifest/schema/place.ts'

const MAX_LENGTH = 1000
const FOREIGN_ESCAPE = /\\(?![bBdDsSwWnrtfvxk])([a-zA-Z0])/
const NOT_LINEAR = /\(\?<?[=!]|\\[1-9]|\\k</
const REPEATED_GROUP = /\)[*+{]/
const UNBOUNDED = /[^\\][*+]|\{\d+,\}/g
const LARGE_COUNT = /\{\d*(?:\d{3}|\d{3},\d*|\d*,\d{3,})\}/

/**
 * The pattern as the router takes it (JavaScript, a leading `(?i)` allowed); undefined once the reason against it has been reported.
 * The router matches in linear time unless a pattern looks around or refers back, so only those must be unable to backtrack far.
 */
export function readPattern(written: string, place: Place): string | undefined {
  const pattern = withoutInnerFlags(
    written
      .replaceAll('(?P<', '(?<')
      .replace(/^\\A/, '^')
      .replace(/\\[zZ]$/, '$'),
  )
  const reason = reasonAgainst(pattern)
  return reason === undefined ? pattern : place.error(`${quote(written)} ${reason}`, { expected: 'a regular expression on the path' })
}

function reasonAgainst(pattern: string): string | undefined {
  if (pattern.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`
  if (LARGE_COUNT.test(pattern)) return 'repeats more than 99 times'
  const plain = pattern.replaceAll('\\\\', '')
  const foreign = FOREIGN_ESCAPE.exec(plain)
  if (foreign !== null) return `uses \\${foreign[1]}, which Friday does not run`
  if (/\[\[:/.test(plain)) return 'uses [[:…:]], which Friday does not run'
  try {
    void new RegExp(pattern.replace(/^\(\?i\)/, ''))
  } catch {
    return 'is not a regular expression Friday can run'
  }
  if (!NOT_LINEAR.test(pattern)) return undefined
  if (REPEATED_GROUP.test(pattern)) return 'repeats a group beside a lookaround or a back reference, which can take minutes'
  return (pattern.match(UNBOUNDED) ?? []).length > 2
    ? 'has more than two open repeats beside a lookaround or a back reference, which can take minutes'
    : undefined
}

/** `(?i:jpe?g)` as `(?:[jJ][pP][eE]?[gG])`: JavaScript has flags for whole patterns only. */
function withoutInnerFlags(pattern: string): string {
  /** For each open group, whether case means nothing in it. */
  const groups: boolean[] = [false]
  let result = ''
  for (const [token] of pattern.matchAll(/\(\?i:|\\[^]|\[(?:\\[^]|[^\]\\])*\]|[^]/g)) {
    const folded = groups.at(-1) === true
    if (token.startsWith('(')) groups.push(folded || token === '(?i:')
    if (token === ')' && groups.length > 1) groups.pop()
    if (token === '(?i:') result += '(?:'
    else if (folded && /^[a-zA-Z]$/.test(token)) result += `[${token.toLowerCase()}${token.toUpperCase()}]`
    else if (folded && token.length > 2 && token.startsWith('[')) result += foldedSet(token)
    else result += token
  }
  return result
}

function foldedSet(set: string): string {
  return set.replace(/\\[^]|([a-z])-([a-z])|([A-Z])-([A-Z])|[a-zA-Z]/g, (part) =>
    part.startsWith('\\') ? part : `${part.toLowerCase()}${part.toUpperCase()}`,
  )
}
