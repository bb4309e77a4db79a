// A system: eight hashed layers under one hash. Equal hash, equal system.
import { canonicalJson, type Leaf, type Json, sha256 } from './canonical.ts'
import { fail } from './errors.ts'
import { type LayerInput, leafValue, plainTree, treeFromInput } from './input.ts'
import { forEachLayer, isLayerName, type LayerName, LAYERS } from './layers.ts'
import { type Child, childAt, EMPTY_HASH, isMap, type TreeMap } from './tree.ts'

export interface Layer {
  /** SHA-256 of the layer's tree, hex. */
  readonly hash: string
  /** How many leaves it has. */
  readonly leaves: number
  /** undefined when the layer is empty. */
  readonly tree: TreeMap | undefined
}

/** Immutable. Systems share the subtrees that they have in common when one was made from the other. */
export interface System {
  /** SHA-256 of the canonical JSON object of the layers' hashes, hex. */
  readonly hash: string
  readonly layers: Readonly<Record<LayerName, Layer>>
}

export type LayerInputs = Partial<Record<LayerName, LayerInput>>

/** A system of the layers given; the others are empty. Throws `systems.not_a_tree`, naming the path, for what JSON cannot hold. */
export function buildSystem(layers: LayerInputs): System {
  for (const name of Object.keys(layers)) {
    if (!isLayerName(name)) throw fail('not_a_tree', `There is no layer ${JSON.stringify(name)}; the layers are ${LAYERS.join(', ')}`)
  }
  return systemOf(forEachLayer((name) => layerOf(treeFromInput(layers[name] ?? {}, [name]))))
}

/** A system of layers taken from other systems: `systemOf({ ...good.layers, schema: bad.layers.schema })`. */
export function systemOf(layers: Readonly<Record<LayerName, Layer>>): System {
  return { hash: systemHash(forEachLayer((name) => layers[name].hash)), layers: forEachLayer((name) => layers[name]) }
}

/** The root hash of eight layer hashes. */
export function systemHash(hashes: Readonly<Record<LayerName, string>>): string {
  return sha256(canonicalJson(forEachLayer((name) => hashes[name])))
}

export function layerOf(tree: TreeMap | undefined): Layer {
  return { hash: tree?.hash ?? EMPTY_HASH, leaves: tree?.leaves ?? 0, tree }
}

/** Which layers are equal, told by their hashes alone. */
export function sameLayers(a: System, b: System): Record<LayerName, boolean> {
  return forEachLayer((name) => a.layers[name].hash === b.layers[name].hash)
}

/** The leaf at a path; undefined where there is none or a map. */
export function leafAt(system: System, layer: LayerName, path: readonly string[]): Leaf | undefined {
  let at: Child | undefined = system.layers[layer].tree
  for (const key of path) {
    if (!isMap(at)) return undefined
    at = childAt(at, key)
  }
  return at === undefined || isMap(at) ? undefined : leafValue(at)
}

/** A layer as plain JSON, for people and for other tools. */
export function layerJson(system: System, layer: LayerName): Record<string, Json> {
  return plainTree(system.layers[layer].tree)
}
