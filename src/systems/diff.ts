// What differs between two systems, leaf by leaf; only subtrees whose hashes differ are looked at.
import type { Change } from './change.ts'
import { byCodeUnit } from './canonical.ts'
import { leafValue } from './input.ts'
import { type LayerName, LAYERS } from './layers.ts'
import type { System } from './system.ts'
import { type Child, entriesOf, isMap, sameChild, type TreeMap } from './tree.ts'

/**
 * The changes that turn `before` into `after`, in the order of layers, then of paths (`compareChanges`). Empty exactly when the hashes are equal.
 * A subtree that came or went is told leaf by leaf.
 */
export function diff(before: System, after: System): Change[] {
  const changes: Change[] = []
  if (before.hash === after.hash) return changes
  for (const layer of LAYERS) diffMaps({ layer, changes }, [], before.layers[layer].tree, after.layers[layer].tree)
  return changes
}

interface Walk {
  readonly layer: LayerName
  readonly changes: Change[]
}

interface Difference {
  readonly key: string
  readonly before: Child | undefined
  readonly after: Child | undefined
}

function diffMaps(walk: Walk, path: readonly string[], before: TreeMap | undefined, after: TreeMap | undefined): void {
  const found: Difference[] = []
  collect(found, before, after)
  // Groups of a wide map come in the order of mixed bits.
  if (found.length > 1) found.sort((a, b) => byCodeUnit(a.key, b.key))
  for (const difference of found) tell(walk, [...path, difference.key], difference)
}

function tell(walk: Walk, path: readonly string[], { before, after }: Difference): void {
  const { layer } = walk
  const was = before === undefined || isMap(before) ? undefined : leafValue(before)
  const is = after === undefined || isMap(after) ? undefined : leafValue(after)
  if (was !== undefined && is !== undefined) walk.changes.push({ layer, path, kind: 'changed', before: was, after: is })
  else if (was !== undefined) walk.changes.push({ layer, path, kind: 'removed', before: was })
  else if (is !== undefined) walk.changes.push({ layer, path, kind: 'added', after: is })
  if (isMap(before) || isMap(after)) diffMaps(walk, path, isMap(before) ? before : undefined, isMap(after) ? after : undefined)
}

/** Appends the children of one map that differ, in no particular order. */
function collect(found: Difference[], before: TreeMap | undefined, after: TreeMap | undefined): void {
  if (before === after || before?.hash === after?.hash) return
  if (before?.kind === 'many' && after?.kind === 'many') {
    for (let index = 0; index < before.groups.length; index++) collect(found, before.groups[index], after.groups[index])
    return
  }
  collectSorted(found, sorted(before), sorted(after))
}

/** Two lists of children sorted by key, walked side by side. */
function collectSorted(found: Difference[], before: Sorted, after: Sorted): void {
  let [left, right] = [0, 0]
  for (;;) {
    const [was, is] = [before.keys[left], after.keys[right]]
    const key = was === undefined || (is !== undefined && is < was) ? is : was
    if (key === undefined) return
    const difference = {
      key,
      before: key === was ? before.children[left++] : undefined,
      after: key === is ? after.children[right++] : undefined,
    }
    if (!sameChild(difference.before, difference.after)) found.push(difference)
  }
}

interface Sorted {
  readonly keys: readonly string[]
  readonly children: readonly Child[]
}

function sorted(map: TreeMap | undefined): Sorted {
  if (map?.kind === 'few') return map
  const entries = entriesOf(map)
  return { keys: entries.map(([key]) => key), children: entries.map(([, child]) => child) }
}
