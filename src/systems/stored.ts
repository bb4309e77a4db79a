// A system as one JSON value for the database, and back, proven by its hashes.
import { isPlainObject, type Json } from './canonical.ts'
import { fail } from './errors.ts'
import { type LayerInput, plainTree, treeFromInput } from './input.ts'
import { forEachLayer, LAYERS } from './layers.ts'
import { layerOf, type System, systemOf } from './system.ts'

const FORMAT = 1

/**
 * `{ format: 1, hash, layers: { code: { hash, tree }, … } }` with each tree as nested JSON, so that SQL can look into it.
 * PostgreSQL's jsonb holds neither NUL nor half a surrogate pair: those, and ESC itself, stand as ESC and four hex digits.
 */
export function serialise(system: System): Json {
  const layers = forEachLayer((name) => ({
    hash: system.layers[name].hash,
    tree: mapStrings(plainTree(system.layers[name].tree), escaped),
  }))
  return { format: FORMAT, hash: system.hash, layers }
}

/** The system that `serialise` wrote. Throws `systems.damaged`, naming the layer, when it is not exactly that. */
export function parse(stored: unknown): System {
  if (!isPlainObject(stored) || stored['format'] !== FORMAT || !isPlainObject(stored['layers'])) {
    throw fail('damaged', `What is stored is not a system of format ${FORMAT}`)
  }
  const { layers } = stored
  const extra = Object.keys(layers).find((name) => !LAYERS.some((layer) => layer === name))
  if (extra !== undefined) throw fail('damaged', `The stored system has a layer ${JSON.stringify(extra)} that does not exist`)
  const system = systemOf(forEachLayer((name) => parseLayer(name, layers[name])))
  if (system.hash !== stored['hash']) throw fail('damaged', 'The hash of the stored system does not fit its layers')
  return system
}

function parseLayer(name: string, stored: unknown) {
  if (!isPlainObject(stored) || !isPlainObject(stored['tree'])) throw fail('damaged', `The stored system lacks its layer ${name}`)
  // The trees are checked while they are read: treeFromInput refuses what is not JSON, the hash whatever was altered.
  const layer = layerOf(treeFromInput(mapStrings(stored['tree'] as Json, unescaped) as LayerInput, [name]))
  if (layer.hash !== stored['hash']) throw fail('damaged', `The stored layer ${name} does not have the hash it was written with`)
  return layer
}

function mapStrings(value: Json, change: (text: string) => string): Json {
  if (typeof value === 'string') return change(value)
  if (value === null || typeof value !== 'object') return value
  // A type guard that Array.isArray does not give for readonly lists.
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => mapStrings(item, change))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), mapStrings(item, change)]))
}

const ESCAPE = '\u001b'
const UNSTORABLE = new RegExp(`[\\0${ESCAPE}\\p{Surrogate}]`, 'gu')
const ESCAPED = new RegExp(`${ESCAPE}([0-9a-f]{4})`, 'g')

function escaped(text: string): string {
  return text.replace(UNSTORABLE, (character) => ESCAPE + character.charCodeAt(0).toString(16).padStart(4, '0'))
}

function unescaped(text: string): string {
  return text.replace(ESCAPED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
