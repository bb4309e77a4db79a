// The eight layers of a system, their one fixed order, and where in each layer a reader puts what it read.

/** Plan, drift, timeline and `why` all show the layers in this order. */
export const LAYERS = ['code', 'runtime', 'packages', 'config', 'network', 'services', 'schema', 'data'] as const

/**
 * Paths by layer. `<x>` is a name; what follows → is the leaf. Readers fill exactly these, sentences are worded for them.
 *
 * - code      `<app>/root` → source root · `<app>/tree` → git tree id · `<app>/commit` → commit id
 * - runtime   `<app>/<runtime>/version` → `22.23.3` · `…/integrity` → digest · `…/extensions/<name>` → version
 * - packages  `<app>/<manager>/<package>` → version; a nested npm package is `a > b`
 * - config    `<app>/variables/<NAME>` → value, or `keyed:<hash>` for a secret · `<app>/hooks/<build|deploy|post_deploy>` → script
 *             `<app>/web/commands/<start|…>` · `<app>/mounts/<path>/source` … · `<app>/crons/<name>/spec` …
 *             `<app>/workers/<name>/commands/start` … · `<app>/resources/<memory|cpu|…>`
 * - network   `routes/<url>/<type|upstream|to|…>` · `<app>/locations/<path>/…` · `outbound/rules` → list
 * - services  `<service>/<type|version|integrity>` · `…/endpoints/<name>/…` · `…/extensions/<name>` → version · `…/settings/<name>`
 * - schema    `<service>/<database>[/<namespace>]` then pairs of kind and name: `table/customers/column/email` → definition.
 *             Also `<service>/role/<role>`, `<service>/<database>/database` and `<service>/<database>/<namespace>/''` themselves.
 *             An object that has parts keeps its own definition under the key `''` (see `treeOf`).
 * - data      `<service>` or `mounts`, then `snapshot` → its moment · `lineage` → the environment it was cloned from ·
 *             `scrub/<profile|generation>`
 */
export type LayerName = (typeof LAYERS)[number]

export function isLayerName(name: string): name is LayerName {
  return LAYERS.some((layer) => layer === name)
}

/** One value per layer, in the order of the layers. */
export function forEachLayer<T>(make: (layer: LayerName) => T): Record<LayerName, T> {
  // fromEntries loses the key type; LAYERS holds every name exactly once.
  return Object.fromEntries(LAYERS.map((layer) => [layer, make(layer)])) as Record<LayerName, T>
}
