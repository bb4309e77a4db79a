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
  if (before?.hash === after?.hash) return
  if (before?.kind === 'many' && after?.kind === 'many') {
    for (const [index, group] of before.groups.entries()) collect(found, group, after.groups[index])
    return
  }
  const others = new Map(entriesOf(after))
  for (const [key, child] of entriesOf(before)) {
    const other = others.get(key)
    others.delete(key)
    if (!sameChild(child, other)) found.push({ key, before: child, after: other })
  }
  for (const [key, child] of others) found.push({ key, before: undefined, after: child })
}
