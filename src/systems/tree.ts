// The hashed tree below a layer: immutable maps that know the SHA-256 of everything below them.
//
// A map of up to 16 children hashes the canonical JSON object of them, where a child map stands as {"sha256": <its hash>}.
// A wider one is parted into 16 groups by a mix of each key's bits, again and again while a group holds more than 16, and hashes the
// JSON array of its groups' hashes. So a change in a map of a million children touches a handful of small groups, and the shape depends on
// the content only, never on the order in which it came. How well the bits mix matters for speed, never for the result.
import { byCodeUnit, sha256 } from './canonical.ts'

/** A list leaf, kept as its canonical text. */
export interface List {
  readonly kind: 'list'
  readonly text: string
}

export interface FewChildren {
  readonly kind: 'few'
  readonly hash: string
  /** Leaves at any depth below. */
  readonly leaves: number
  /** Children of this very map. */
  readonly size: number
  /** Sorted; `children[i]` belongs to `keys[i]`. */
  readonly keys: readonly string[]
  readonly children: readonly Child[]
}

export interface ManyChildren {
  readonly kind: 'many'
  readonly hash: string
  readonly leaves: number
  readonly size: number
  readonly groups: readonly (TreeMap | undefined)[]
}

/** Never empty: a map without leaves is nothing, so two trees cannot differ without a change to show for it. */
export type TreeMap = FewChildren | ManyChildren
export type Scalar = string | number | boolean | null
export type Child = Scalar | List | TreeMap
export type Entry = readonly [key: string, child: Child]

export const WIDTH = 16
const BITS = 4
/** 32 bits of mixed key, 4 per level; what still collides after that stays in one group. */
const MAX_LEVEL = 8

export const EMPTY_HASH = sha256('{}')

/** The one map for these entries (distinct keys, any order); undefined for none. `level` counts the partings above it. */
export function mapOf(entries: readonly Entry[], level = 0): TreeMap | undefined {
  if (entries.length === 0) return undefined
  if (entries.length <= WIDTH || level === MAX_LEVEL) return fewOf(entries)
  const parted: Entry[][] = Array.from({ length: WIDTH }, () => [])
  for (const entry of entries) parted[groupOf(entry[0], level)]?.push(entry)
  return manyOf(parted.map((group) => mapOf(group, level + 1)))
}

/** A wide map of these groups, which hold more than `WIDTH` children together. */
export function manyOf(groups: readonly (TreeMap | undefined)[]): ManyChildren {
  const text = `[${groups.map((group) => (group === undefined ? 'null' : `"${group.hash}"`)).join(',')}]`
  const sum = (count: 'leaves' | 'size') => groups.reduce((total, group) => total + (group?.[count] ?? 0), 0)
  return { kind: 'many', hash: sha256(text), leaves: sum('leaves'), size: sum('size'), groups }
}

/** Which of the 16 groups a key belongs to at a level. */
export function groupOf(key: string, level: number): number {
  return (mixed(key) >>> (level * BITS)) & (WIDTH - 1)
}

/** The children sorted by key. */
export function entriesOf(map: TreeMap | undefined): readonly Entry[] {
  if (map === undefined) return []
  if (map.kind === 'few') return zip(map)
  return unsortedEntries(map).toSorted(([a], [b]) => byCodeUnit(a, b))
}

/** The child at a key, found without looking at the others. */
export function childAt(map: TreeMap | undefined, key: string): Child | undefined {
  let at = map
  for (let level = 0; at?.kind === 'many'; level++) at = at.groups[groupOf(key, level)]
  const index = at === undefined ? -1 : at.keys.indexOf(key)
  return index === -1 ? undefined : at?.children[index]
}

export function isMap(child: Child | undefined): child is TreeMap {
  return typeof child === 'object' && child !== null && child.kind !== 'list'
}

export function sameChild(a: Child | undefined, b: Child | undefined): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a.kind === 'list') return b.kind === 'list' && a.text === b.text
  return b.kind !== 'list' && a.hash === b.hash
}

function fewOf(entries: readonly Entry[]): FewChildren {
  const sorted = entries.toSorted(([a], [b]) => byCodeUnit(a, b))
  const text = `{${sorted.map(([key, child]) => `${JSON.stringify(key)}:${childText(child)}`).join(',')}}`
  return {
    kind: 'few',
    hash: sha256(text),
    leaves: sorted.reduce((total, [, child]) => total + (isMap(child) ? child.leaves : 1), 0),
    size: sorted.length,
    keys: sorted.map(([key]) => key),
    children: sorted.map(([, child]) => child),
  }
}

function childText(child: Child): string {
  if (typeof child !== 'object' || child === null) return JSON.stringify(child)
  return child.kind === 'list' ? child.text : `{"sha256":"${child.hash}"}`
}

function unsortedEntries(map: TreeMap): Entry[] {
  if (map.kind === 'few') return zip(map)
  return map.groups.flatMap((group) => (group === undefined ? [] : unsortedEntries(group)))
}

function zip(map: FewChildren): Entry[] {
  return map.keys.map((key, index) => [key, map.children[index] ?? null])
}

/** FNV-1a over the code units, then murmur3's finisher so that the last characters reach every bit. */
function mixed(key: string): number {
  let bits = 0x811c9dc5
  for (let index = 0; index < key.length; index++) bits = Math.imul(bits ^ key.charCodeAt(index), 0x01000193)
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
