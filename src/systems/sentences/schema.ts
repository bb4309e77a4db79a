// How changes of database schemas are said.
import type { Change } from '#systems/change.ts'
import { shown } from '#systems/text.ts'
import { name, type Wording } from './phrase.ts'

export const schema: Wording = {
  noun: ['schema object', 'schema objects'],
  // The definition of an object and those of its parts are one thing only when the object came or went; that is seen in `say`.
  thing: (path) => firstPair(path) + 2,
  say(changes) {
    const [first] = changes
    const own = changes.find(({ path }) => objectOf(path).pairs.length === 1)
    if (changes.length > 1 && own !== undefined && own.kind !== 'changed') {
      return `${objectWords(own)} ${own.kind} (${parts(changes.length - 1)})`
    }
    return changes.length === 1 ? alone(first) : `${ownerWords(first)} changed (${changes.map((change) => partWords(change)).join(', ')})`
  },
}

/** Keys before the pairs: service, database and, when the rest is odd, a namespace. A last `''` is the object itself. */
function objectOf(path: readonly string[]): {
  readonly database: string
  readonly namespace: string
  readonly pairs: readonly (readonly [string, string])[]
} {
  const keys = path.at(-1) === '' ? path.slice(0, -1) : path
  const start = keys.length % 2 === 0 ? 2 : 3
  const pairs: (readonly [string, string])[] = []
  for (let index = start; index < keys.length; index += 2) pairs.push([name(keys, index), name(keys, index + 1)])
  return { database: name(keys, 1), namespace: start === 3 && keys[2] !== 'public' ? `${name(keys, 2)}.` : '', pairs }
}

function firstPair(path: readonly string[]): number {
  return (path.at(-1) === '' ? path.length - 1 : path.length) % 2 === 0 ? 2 : 3
}

function alone(change: Change): string {
  const words = objectWords(change)
  switch (change.kind) {
    case 'added':
      return `${words} added${definition(change.after, ' (', ')')}`
    case 'removed':
      return `${words} removed`
    case 'changed':
      return `${words} changed${definition(change.before, ' from ', definition(change.after, ' to ', ''))}`
  }
}

function objectWords({ path }: Change): string {
  const { database, namespace, pairs } = objectOf(path)
  const kind = pairs.at(-1)?.[0] ?? 'schema'
  return `${database}: ${kind} ${namespace}${pairs.map((pair) => pair[1]).join('.')}`.trimEnd()
}

function ownerWords({ path }: Change): string {
  const { database, namespace, pairs } = objectOf(path)
  return `${database}: ${pairs[0]?.[0] ?? 'schema'} ${namespace}${pairs[0]?.[1] ?? ''}`.trimEnd()
}

function partWords({ path, kind }: Change): string {
  const { pairs } = objectOf(path)
  return pairs.length < 2 ? `definition ${kind}` : `${pairs.at(-1)?.[0]} ${pairs.at(-1)?.[1]} ${kind}`
}

function parts(count: number): string {
  return count === 1 ? '1 part' : `${count} parts`
}

/** A short definition between `before` and `after`; a long one or a fingerprint says nothing to a reader. */
function definition(leaf: Change['before'], before: string, after: string): string {
  const text = shown(leaf)
  return leaf === undefined || text.length > 60 || /^(?:sha256:)?[0-9a-f]{32,}$/.test(text) ? '' : `${before}${text}${after}`
}
