// How changes of database schemas are said.
import type { Change } from '#systems/change.ts'
import { shown } from '#systems/text.ts'
import { name, type Wording } from './phrase.ts'

export const schema: Wording = {
  noun: ['schema object', 'schema objects'],
  thing: (path) => objectOf(path).depth,
  say(changes) {
    const [first] = changes
    const own = changes.find(({ path }) => objectOf(path).pairs.length === 1)
    const isWhole = changes.every(({ kind }) => kind === first.kind)
    if (changes.length > 1 && isWhole && own !== undefined && own.kind !== 'changed')
      return `${words(own, 1)} ${own.kind} (${parts(changes.length - 1)})`
    return changes.length === 1 ? alone(first) : `${words(first, 1)} changed (${changes.map((change) => partWords(change)).join(', ')})`
  },
}

interface SchemaObject {
  /** What it belongs to: a database, or the service for what all its databases share. */
  readonly where: string
  readonly namespace: string
  /** Kind and name, outermost first: a table, then its column. */
  readonly pairs: readonly (readonly [kind: string, name: string])[]
  /** Keys that name the outermost object. */
  readonly depth: number
}

function objectOf(path: readonly string[]): SchemaObject {
  // A last '' is the definition of an object that has parts.
  const keys = path.at(-1) === '' ? path.slice(0, -1) : path
  const plain = (where: number, kind: string, from: number) => ({
    where: name(keys, where),
    namespace: '',
    pairs: [[kind, name([keys.slice(from).join(' ')], 0)] as const],
    depth: path.length,
  })
  if (keys[1] === 'role' && keys.length === 3) return plain(0, 'role', 2)
  if (keys[2] === 'default-rights') return plain(1, 'default rights', 3)
  if (keys.length <= 3) return keys[2] === 'database' ? plain(1, 'database settings', 3) : plain(1, 'schema', 2)
  const start = keys.length % 2 === 0 ? 2 : 3
  const pairs: (readonly [string, string])[] = []
  for (let index = start; index < keys.length; index += 2) pairs.push([name(keys, index), name(keys, index + 1)])
  return { where: name(keys, 1), namespace: start === 3 && keys[2] !== 'public' ? `${name(keys, 2)}.` : '', pairs, depth: start + 2 }
}

function alone(change: Change): string {
  switch (change.kind) {
    case 'added':
      return `${words(change)} added${change.path.at(-1) === '' ? '' : definition(change.after, ' (', ')')}`
    case 'removed':
      return `${words(change)} removed`
    case 'changed':
      return `${words(change)} changed${definition(change.before, ' from ', definition(change.after, ' to ', ''))}`
  }
}

/** `main: column billing.invoices.total`; of the outermost objects only with `levels`. */
function words({ path }: Change, levels?: number): string {
  const { where, namespace, pairs } = objectOf(path)
  const named = pairs.slice(0, levels)
  return `${where}: ${named.at(-1)?.[0]} ${namespace}${named.map((pair) => pair[1]).join('.')}`.trimEnd()
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
