// From what readers hand in (plain objects, Maps, JSON) to the hashed tree, and back to plain JSON.
import { canonicalJson, checkedNumber, isPlainObject, type Json, type Leaf, MAX_DEPTH, nameOf } from './canonical.ts'
import { fail, where } from './errors.ts'
import { type Child, type Entry, entriesOf, isMap, mapOf, type TreeMap } from './tree.ts'

/** A nested tree of named leaves. Keys may be any string; `undefined` and a map without leaves count as absent. */
export type LayerInput = { readonly [key: string]: LayerInput | Leaf | undefined } | ReadonlyMap<string, LayerInput | Leaf | undefined>

/** The tree of an input; undefined when it has no leaf. Throws `systems.not_a_tree`, naming the path. */
export function treeFromInput(input: LayerInput, path: readonly string[]): TreeMap | undefined {
  const child = childOf(input, [...path])
  if (child === undefined || isMap(child)) return child
  throw fail('not_a_tree', `${where(path)} should be a map of names, it is ${Array.isArray(input) ? 'a list' : nameOf(input)}`)
}

/** A leaf as the tree keeps it. */
export function leafChild(leaf: unknown, path: readonly string[]): Child {
  if (leaf === null || typeof leaf === 'string' || typeof leaf === 'boolean') return leaf
  if (typeof leaf === 'number') return checkedNumber(leaf, path)
  if (Array.isArray(leaf)) return { kind: 'list', text: canonicalJson(leaf, path) }
  throw fail(
    'not_a_tree',
    `${where(path)} is ${isPlainObject(leaf) ? 'a map where a leaf should be' : `${nameOf(leaf)}, which a system cannot hold`}`,
  )
}

/** The leaf as people and JSON know it; lists are fresh copies. */
export function leafValue(child: Exclude<Child, TreeMap>): Leaf {
  // A list's text was made by canonicalJson from a list, so it parses to one.
  return typeof child === 'object' && child !== null ? (JSON.parse(child.text) as Json[]) : child
}

/** Plain JSON of a tree; every key is an own property, `__proto__` included. */
export function plainTree(map: TreeMap | undefined): Record<string, Json> {
  return Object.fromEntries(entriesOf(map).map(([key, child]) => [key, isMap(child) ? plainTree(child) : leafValue(child)]))
}

/**
 * A layer from leaves listed by path. A path that is also the beginning of another keeps its leaf under the key `''`.
 * Throws `systems.not_a_tree` when two leaves claim one place.
 */
export function treeOf(leaves: Iterable<readonly [path: readonly string[], leaf: Leaf]>): LayerInput {
  const root: Nested = new Map()
  for (const [path, leaf] of [...leaves].toSorted(([a], [b]) => b.length - a.length)) place(root, path, leaf)
  return root
}

type Nested = Map<string, Nested | Leaf>

// Longer paths come first, so a leaf always finds the map that it shares its name with.
function place(root: Nested, path: readonly string[], leaf: Leaf): void {
  let at = root
  for (const key of path.slice(0, -1)) {
    const next = at.get(key)
    if (next !== undefined && !(next instanceof Map)) throw twice(path)
    const map: Nested = next ?? new Map()
    at.set(key, map)
    at = map
  }
  const last = path.at(-1)
  if (last === undefined) throw fail('not_a_tree', 'A leaf needs a path with at least one name')
  const own = at.get(last)
  if (own !== undefined && (!(own instanceof Map) || own.has(''))) throw twice(path)
  if (own instanceof Map) own.set('', leaf)
  else at.set(last, leaf)
}

function twice(path: readonly string[]) {
  return fail('not_a_tree', `${where(path)} is listed twice`)
}

/** `path` is one growing and shrinking list for the whole walk; errors alone read it. */
function childOf(value: unknown, path: string[]): Child | undefined {
  if (!(value instanceof Map) && !isPlainObject(value)) return leafChild(value, path)
  if (path.length > MAX_DEPTH) throw fail('not_a_tree', `${where(path.slice(0, 5))}/… is nested deeper than ${MAX_DEPTH} levels`)
  const entries: Entry[] = []
  for (const [key, below] of value instanceof Map ? value : Object.entries(value)) {
    if (typeof key !== 'string') throw fail('not_a_tree', `${where(path)} has a key that is ${nameOf(key)}; keys are strings`)
    path.push(key)
    const child = below === undefined ? undefined : childOf(below, path)
    path.pop()
    if (child !== undefined) entries.push([key, child])
  }
  return mapOf(entries)
}
