// What the wording of a layer is made of: which changes concern one thing, and how the common cases are said.
import type { Leaf } from '#systems/canonical.ts'
import type { Change } from '#systems/change.ts'
import { printable, shown } from '#systems/text.ts'

/** How one layer speaks. */
export interface Wording {
  /** What the layer is full of, for counting: one, many. */
  readonly noun: readonly [one: string, many: string]
  /** How many keys of a path name the thing that a change is about; changes of one thing are told together. */
  thing(path: readonly string[]): number
  /** One sentence for one or more changes of one thing. `look` finds a leaf of the same layer that did not change. */
  say(changes: readonly [Change, ...Change[]], look: Look): string
}

export type Look = (path: readonly string[]) => Leaf | undefined

/** The key at an index, fit to be printed. */
export function name(path: readonly string[], index: number): string {
  return printable(path[index] ?? '')
}

/** `16.4 → 17.10`, `17.10 added`, `16.4 removed`. */
export function move(change: Change, show: (leaf: Leaf) => string = shown): string {
  switch (change.kind) {
    case 'added':
      return `${show(change.after)} added`
    case 'removed':
      return `${show(change.before)} removed`
    case 'changed':
      return `${show(change.before)} → ${show(change.after)}`
  }
}

/** `extension pgcrypto added (1.3)`, `extension pgcrypto 1.3 → 1.4`. */
export function named(what: string, change: Change): string {
  switch (change.kind) {
    case 'added':
      return `${what} added (${shown(change.after)})`
    case 'removed':
      return `${what} removed`
    case 'changed':
      return `${what} ${shown(change.before)} → ${shown(change.after)}`
  }
}

/** The change of the leaf with this last part of the path, among the changes of one thing. */
export function changeOf(changes: readonly Change[], ...tail: string[]): Change | undefined {
  return changes.find(({ path }) => tail.every((key, index) => path[path.length - tail.length + index] === key))
}

/**
 * A thing with attributes: it was added or removed when a leaf that every such thing has (`defining`) was; otherwise its attributes changed.
 * Scripts and commands are long and may hold anything: they are named, not quoted.
 */
export function thing(what: string, changes: readonly [Change, ...Change[]], depth: number, defining: readonly string[]): string {
  const own = changes.find(({ path }) => path.length === depth || defining.includes(path.slice(depth).join('/')))
  const [first] = changes
  const isWhole = changes.every(({ kind }) => kind === first.kind)
  if (own !== undefined && isWhole && own.kind !== 'changed') return `${what} ${own.kind}`
  if (changes.length > 1) return `${what} changed (${listed(changes.map(({ path }) => attribute(path, depth)))})`
  if (first.path.length === depth) return `${what} changed`
  const isScript = first.path.slice(depth).some((key) => key === 'commands' || key === 'cmd')
  return isScript
    ? `${what}: ${attribute(first.path, depth)} command ${first.kind}`
    : named(`${what}: ${attribute(first.path, depth)}`, first)
}

function attribute(path: readonly string[], depth: number): string {
  const rest = path.slice(depth).filter((key) => key !== 'commands' && key !== '')
  return printable(rest.join(' ')).replaceAll('_', ' ')
}

function listed(names: readonly string[]): string {
  const unique = [...new Set(names)]
  return unique.length > 3 ? `${unique.slice(0, 3).join(', ')} and ${unique.length - 3} more` : unique.join(', ')
}
