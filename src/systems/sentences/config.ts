// How changes of an application's configuration are said; no value of a variable is ever told.
import type { Change } from '#systems/change.ts'
import { shown } from '#systems/text.ts'
import { move, name, named, thing, type Wording } from './phrase.ts'

export const config: Wording = {
  noun: ['setting', 'settings'],
  thing: (path) => (SINGULAR.has(path[1] ?? '') ? 3 : path.length),
  say(changes) {
    const [first] = changes
    return `${name(first.path, 0)}: ${said(changes, first)}`
  },
}

/** What the sections of an application hold by name, and which leaf each of them has. */
const SINGULAR = new Map<string, { readonly word: string; readonly defining: readonly string[] }>([
  ['variables', { word: 'variable', defining: [] }],
  ['mounts', { word: 'mount', defining: ['source'] }],
  ['crons', { word: 'cron', defining: ['spec'] }],
  ['workers', { word: 'worker', defining: ['commands/start'] }],
])

function said(changes: readonly [Change, ...Change[]], first: Change): string {
  const { path, kind } = first
  const section = path[1] ?? ''
  if (section === 'hooks') return `${name(path, 2).replaceAll('_', ' ')} hook ${kind}`
  if (section === 'variables') return `variable ${name(path, 2)} ${kind}`
  if (section === 'resources') return named(name(path, 2), first)
  if (section === 'web' && path[2] === 'commands') return `${name(path, 3).replaceAll('_', ' ')} command ${kind}`
  const known = SINGULAR.get(section)
  if (known !== undefined) return thing(`${known.word} ${name(path, 2)}`, changes, 3, known.defining)
  return `${name([path.slice(1).join(' ')], 0)} ${move(first, shown)}`
}
