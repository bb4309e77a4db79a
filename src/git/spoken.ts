// Text on its way to somebody's terminal: what a build or an app printed must not drive it.

const MAX_LINE = 4000

const ESCAPES =
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?/g
const INVISIBLE = /[\p{Cc}\p{Zl}\p{Zp}\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu

/** The lines of `text` without terminal escapes and control characters (a tab stays), each at most 4,000 characters. */
export function spokenLines(text: string): string[] {
  return text
    .replace(ESCAPES, '')
    .replace(/\r\n/g, '\n')
    .replace(/\n+$/, '')
    .split('\n')
    .map((line) =>
      cut(
        lastWritten(line).replace(INVISIBLE, (character) => (character === '\t' ? character : '')),
        MAX_LINE,
      ),
    )
}

/** One line of at most `max` characters: for a reason in a report. */
export function spokenLine(text: string, max = 500): string {
  return cut(spokenLines(text).join(' ').replace(/\s+/g, ' ').trim(), max)
}

/** A progress bar writes over itself with carriage returns: what a terminal would show at the end is kept. */
function lastWritten(line: string): string {
  return line.split('\r').findLast((part) => part !== '') ?? ''
}

function cut(line: string, max: number): string {
  return line.length <= max ? line : `${line.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
