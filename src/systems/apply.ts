// Changes applied to a system: only the touched paths are made anew, the rest is shared with the former system.
import type { Change } from './change.ts'
import { fail, where } from './errors.ts'
import { leafChild } from './input.ts'
import { forEachLayer, isLayerName } from './layers.ts'
import { layerOf, type System, systemOf } from './system.ts'
import { type Child, type Entry, entriesOf, groupOf, isMap, manyOf, mapOf, sameChild, type TreeMap, WIDTH } from './tree.ts'

/**
 * The system after these changes, in whatever order they come. Throws `systems.does_not_apply` when a change's `before` is not what is there,
 * when a path is changed twice, or when a leaf would stand where a map is.
 */
export function applyChanges(system: System, changes: readonly Change[]): System {
  const edits = editsOf(changes)
  return systemOf(
    forEachLayer((name) => {
      const below = edits.get(name)?.below
      return below === undefined ? system.layers[name] : layerOf(edited(system.layers[name].tree, below, [name], 0))
    }),
  )
}

interface Edit {
  change?: Change
  below?: Edits
}
type Edits = Map<string, Edit>

function editsOf(changes: readonly Change[]): Edits {
  const root: Edits = new Map()
  for (const change of changes) {
    const path = [change.layer, ...change.path]
    if (!isLayerName(change.layer) || change.path.length === 0) throw fail('does_not_apply', `${where(path)} does not name a leaf`)
    const edit = path.reduce<Edit>((at, key) => editAt((at.below ??= new Map()), key), { below: root })
    if (edit.change !== undefined) throw fail('does_not_apply', `${where(path)} is changed twice`)
    edit.change = change
  }
  return root
}

function editAt(edits: Edits, key: string): Edit {
  const edit = edits.get(key) ?? {}
  edits.set(key, edit)
  return edit
}

function edited(map: TreeMap | undefined, edits: Edits, path: readonly string[], level: number): TreeMap | undefined {
  if (map?.kind === 'many') return editedGroups(map.groups, edits, path, level)
  const children = new Map(entriesOf(map))
  for (const [key, edit] of edits) {
    const child = editedChild(children.get(key), edit, [...path, key])
    if (child === undefined) children.delete(key)
    else children.set(key, child)
  }
  return mapOf([...children], level)
}

function editedGroups(groups: readonly (TreeMap | undefined)[], edits: Edits, path: readonly string[], level: number): TreeMap | undefined {
  const parted = Array.from({ length: WIDTH }, (): Edits => new Map())
  for (const [key, edit] of edits) parted[groupOf(key, level)]?.set(key, edit)
  const next = groups.map((group, index) => {
    const own = parted[index]
    return own === undefined || own.size === 0 ? group : edited(group, own, path, level + 1)
  })
  const size = next.reduce((total, group) => total + (group?.size ?? 0), 0)
  if (size > WIDTH) return manyOf(next)
  return mapOf(
    next.flatMap((group): readonly Entry[] => entriesOf(group)),
    level,
  )
}

function editedChild(child: Child | undefined, { change, below }: Edit, path: readonly string[]): Child | undefined {
  const formerLeaf = isMap(child) ? undefined : child
  const formerMap = isMap(child) ? child : undefined
  const leaf = change === undefined ? formerLeaf : editedLeaf(formerLeaf, change, path)
  const map = below === undefined ? formerMap : edited(formerMap, below, path, 0)
  if (leaf !== undefined && map !== undefined) throw fail('does_not_apply', `${where(path)} would be a leaf and a map at once`)
  return leaf === undefined ? map : leaf
}

function editedLeaf(leaf: Child | undefined, change: Change, path: readonly string[]): Child | undefined {
  const expected = change.kind === 'added' ? undefined : leafChild(change.before, path)
  if (!sameChild(leaf, expected)) {
    throw fail(
      'does_not_apply',
      `${where(path)} cannot be ${change.kind}: ${leaf === undefined ? 'it is not there' : 'it holds something else'}`,
    )
  }
  return change.kind === 'removed' ? undefined : leafChild(change.after, path)
}
