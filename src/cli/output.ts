// How the CLI speaks: tables, progress, errors and exit codes. With --json every answer is one JSON document on stdout.
import Table from 'cli-table3'
import { FridayError, messageOf } from '#lib/errors.ts'

/** Exit codes, documented in docs/guide/cli.md. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3, notAllowed: 4, unreachable: 5, activityFailed: 87 } as const

export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** For people only: never mixed into what a program reads. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const table = new Table({ head: [...head], style: { head: [], border: [] }, chars: plain, wordWrap: false })
  for (const row of rows) table.push([...row])
  print(table.toString())
}

const plain = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((name) => [name, name === 'middle' ? ' ' : '']),
)

export function printError(error: unknown, json: boolean): void {
  if (json) {
    const { code, message, advice, details } =
      error instanceof FridayError ? error : { code: 'internal', message: messageOf(error), advice: '', details: {} }
    print(JSON.stringify({ error: { code, message, advice, details } }))
    return
  }
  note(`friday: ${messageOf(error)}`)
  if (error instanceof FridayError && error.advice !== '') note(`        ${error.advice}`)
}

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof FridayError)) return EXIT.failed
  if (error.code === 'client.unreachable' || error.code === 'client.answer') return EXIT.unreachable
  if (error.code === 'cli.activity_failed') return EXIT.activityFailed
  if (error.code === 'cli.usage') return EXIT.usage
  if (error.status === 404) return EXIT.notFound
  if (error.status === 401 || error.status === 403) return EXIT.notAllowed
  return EXIT.failed
}

export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = count < 1 ? 0 : Math.min(Math.floor(Math.log(count) / Math.log(1000)), units.length - 1)
  const value = count / 1000 ** power
  return `${power > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power]}`
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
}
