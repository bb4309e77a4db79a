// A change: one leaf of one layer that was added, removed or given another value.
import { byCodeUnit, type Leaf } from './canonical.ts'
import { type LayerName, LAYERS } from './layers.ts'

interface Place {
  readonly layer: LayerName
  readonly path: readonly string[]
}

export type Added = Place & { readonly kind: 'added'; readonly before?: undefined; readonly after: Leaf }
export type Removed = Place & { readonly kind: 'removed'; readonly before: Leaf; readonly after?: undefined }
export type Changed = Place & { readonly kind: 'changed'; readonly before: Leaf; readonly after: Leaf }
export type Change = Added | Removed | Changed

/** The changes that lead back, in the same order. */
export function invert(changes: readonly Change[]): Change[] {
  return changes.map((change) => {
    const { layer, path } = change
    switch (change.kind) {
      case 'added':
        return { layer, path, kind: 'removed', before: change.after }
      case 'removed':
        return { layer, path, kind: 'added', after: change.before }
      case 'changed':
        return { layer, path, kind: 'changed', before: change.after, after: change.before }
    }
  })
}

/** Order of changes: by layer, then by path, key by key in UTF-16 code units; a path before those below it. */
export function compareChanges(a: Change, b: Change): number {
  return LAYERS.indexOf(a.layer) - LAYERS.indexOf(b.layer) || comparePaths(a.path, b.path)
}

function comparePaths(a: readonly string[], b: readonly string[]): number {
  const index = a.findIndex((key, at) => key !== b[at])
  if (index === -1) return a.length - b.length
  const other = b[index]
  return other === undefined ? 1 : byCodeUnit(a[index] ?? '', other)
}
