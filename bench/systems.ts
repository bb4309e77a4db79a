// Are two large systems alike? Our diff beside a plain comparison of every leaf, and beside the floor: looking up only the paths that differ.
import { isDeepStrictEqual } from 'node:util'
import { cpus } from 'node:os'
import { applyChanges } from '#systems/apply.ts'
import type { Change } from '#systems/change.ts'
import { diff } from '#systems/diff.ts'
import { buildSystem, leafAt } from '#systems/system.ts'

const DIFFERENCES = 100
const RUNS = 7

type Tree = Record<string, Record<string, Record<string, string>>>

/** Compares two systems of 1 M leaves (200,000 with `quick`) that differ in 100, in three shapes of tree. Prints a table. */
export async function run({ quick }: { quick: boolean }): Promise<Record<string, unknown>> {
  const leaves = quick ? 200_000 : 1_000_000
  const shapes = { '1,000 per map': 1000, 'one wide map': leaves, '10 per map': 10 }
  const rows = Object.entries(shapes).map(([shape, width]) => ({ shape, times: measure(leaves, width) }))
  console.table(Object.fromEntries(rows.map(({ shape, times }) => [shape, rounded(times)])))
  const [typical, wide] = rows.map(({ times }) => times)
  if (typical === undefined || wide === undefined) throw new Error('No shape was measured')
  return {
    bench: 'systems',
    ratio: round(typical.diffMs / typical.readMs),
    unit: 'x floor (looking up only the differing paths in both systems)',
    ratioToPlainObjects: round(typical.diffMs / typical.plainMs),
    peer: {
      'flat map of every leaf': round(typical.flatMs / typical.diffMs),
      'recursive JSON comparison': round(typical.deepMs / typical.diffMs),
    },
    ms: rounded(typical),
    wideMap: { ratio: round(wide.diffMs / wide.readMs), ms: round(wide.diffMs) },
    leaves,
    differences: DIFFERENCES,
    runs: RUNS,
    machine: `${cpus().length} cores`,
  }
}

function measure(leaves: number, width: number) {
  const beforeTree = makeTree(leaves, width)
  const afterTree = makeTree(leaves, width)
  const paths = alter(afterTree, leaves, width)
  const started = performance.now()
  const before = buildSystem({ packages: beforeTree })
  const buildMs = performance.now() - started
  // Built apart, so that no subtree is shared and every equality must be told by hashes.
  const after = buildSystem({ packages: afterTree })
  const changes = diff(before, after)
  check(changes, paths)
  return {
    buildMs,
    diffMs: median(() => diff(before, after)),
    readMs: median(() => paths.filter((path) => leafAt(before, 'packages', path) !== leafAt(after, 'packages', path))),
    plainMs: median(() => paths.filter((path) => plainAt(beforeTree, path) !== plainAt(afterTree, path))),
    applyMs: median(() => applyChanges(before, changes)),
    flatMs: median(() => flatCompare(beforeTree, afterTree), 3),
    deepMs: median(() => deepCompare(beforeTree, afterTree), 3),
  }
}

function makeTree(leaves: number, width: number): Tree {
  const tree: Tree = {}
  for (let index = 0; index < leaves; index++) {
    const [a, b, c] = pathOf(index, width)
    const second = ((tree[a] ??= {})[b] ??= {})
    second[c] = `1.${index % 7}.${index % 13}`
  }
  return tree
}

function pathOf(index: number, width: number): readonly [string, string, string] {
  const map = Math.floor(index / width)
  return [`group-${Math.floor(map / 100)}`, `map-${map}`, `leaf-${index}`]
}

/** Changes 60 leaves, removes 20 and adds 20, spread evenly over the whole tree. */
function alter(tree: Tree, leaves: number, width: number): (readonly string[])[] {
  return Array.from({ length: DIFFERENCES }, (_, count) => {
    const [a, b, c] = pathOf(Math.floor(((count + 0.5) * leaves) / DIFFERENCES), width)
    const map = tree[a]?.[b] ?? {}
    const key = count % 5 === 4 ? `${c}-new` : c
    if (count % 5 === 3) delete map[key]
    else map[key] = '2.0.0'
    return [a, b, key]
  })
}

function check(changes: readonly Change[], paths: readonly (readonly string[])[]): void {
  const expected = paths.map((path) => path.join('/')).toSorted()
  const found = changes.map(({ path }) => path.join('/')).toSorted()
  if (!isDeepStrictEqual(found, expected)) throw new Error(`The diff names ${found.length} paths, ${expected.length} were altered`)
}

function plainAt(tree: Tree, [a = '', b = '', c = '']: readonly string[]): string | undefined {
  return tree[a]?.[b]?.[c]
}

function flatCompare(before: Tree, after: Tree): number {
  const others = flatten(after)
  const own = flatten(before)
  let differences = 0
  for (const [path, value] of own) if (others.get(path) !== value) differences++
  for (const path of others.keys()) if (!own.has(path)) differences++
  return differences
}

type Deep = string | { readonly [key: string]: Deep }

function deepCompare(before: Deep | undefined, after: Deep | undefined): number {
  if (typeof before !== 'object' || typeof after !== 'object') return before === after ? 0 : 1
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  let differences = 0
  for (const key of keys) differences += deepCompare(before[key], after[key])
  return differences
}

function flatten(tree: Tree): Map<string, string> {
  const flat = new Map<string, string>()
  for (const [a, group] of Object.entries(tree)) {
    for (const [b, map] of Object.entries(group)) for (const [c, value] of Object.entries(map)) flat.set(`${a}/${b}/${c}`, value)
  }
  return flat
}

/** Milliseconds of the median run; fast work is repeated within a run until the clock can tell. */
function median(work: () => unknown, runs = RUNS): number {
  const times = Array.from({ length: runs }, () => {
    const started = performance.now()
    let rounds = 0
    do {
      work()
      rounds++
    } while (performance.now() - started < 20)
    return (performance.now() - started) / rounds
  })
  return times.toSorted((a, b) => a - b)[Math.floor(runs / 2)] ?? 0
}

function rounded(row: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, round(value)]))
}

function round(value: number): number {
  return Number(value.toPrecision(3))
}
