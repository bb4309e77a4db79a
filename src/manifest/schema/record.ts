// A map with known keys: each described once, for the reader, the messages and the reference page alike.
import { quote } from '#manifest/problems.ts'
import { isNull, type MapNode, type Node } from '#manifest/source/nodes.ts'
import type { Place } from './place.ts'
import { type Shape, wrong } from './shape.ts'
import { nearest } from './suggest.ts'

export interface Field<T> {
  readonly shape: Shape<T>
  /** What it is for; one or two sentences. */
  readonly about: string
  readonly options: FieldOptions
}

export interface FieldOptions {
  readonly required?: true
  /** What counts when it is not there, as text for people. */
  readonly preset?: string
  /** Friday does not do this yet. `refused`: without it the project would behave otherwise. `ignored`: harmless. */
  readonly notYet?: 'refused' | 'ignored'
  /** An older spelling; says what to write today. */
  readonly deprecated?: string
}

export type Fields = Readonly<Record<string, Field<unknown>>>
export type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T | undefined : never }

export function field<T>(shape: Shape<T>, about: string, options: FieldOptions = {}): Field<T> {
  return { shape, about, options }
}

/** `noun` with its article: `an application`. A key nobody knows is an error that names the nearest one. */
export function record<F extends Fields>(noun: string, fields: F): Shape<Values<F>> {
  const expected = `a map with ${Object.keys(fields).slice(0, 6).join(', ')}${Object.keys(fields).length > 6 ? ', …' : ''}`
  return {
    expected,
    fields,
    read(node, place) {
      if (node.kind !== 'map') return wrong(node, place, expected)
      reportUnknown(node, place, noun, fields)
      const values = Object.entries(fields).map(([key, field]) => [key, readField(key, field, node, place)] as const)
      return Object.fromEntries(values) as Values<F> // one entry per field, each from that field's shape
    },
  }
}

function reportUnknown(node: MapNode, place: Place, noun: string, fields: Fields): void {
  for (const [key, entry] of node.entries) {
    if (Object.hasOwn(fields, key)) continue
    const known = Object.entries(fields).filter(([, { options }]) => options.deprecated === undefined && options.notYet === undefined)
    place.child(key, entry.at).error(`${quote(key)} is not a key of ${noun}`, {
      suggestion: nearest(key, Object.keys(fields)),
      expected: known.length <= 8 ? known.map(([name]) => name).join(', ') : undefined,
    })
  }
}

function readField(key: string, { shape, options }: Field<unknown>, node: MapNode, place: Place): unknown {
  const entry = node.entries.get(key)
  if (entry === undefined || (isNull(entry.node) && shape.takesNull === undefined)) {
    if (options.required) place.child(key, entry?.at ?? node.at).error('this is missing', { expected: shape.expected })
    return undefined
  }
  const keyPlace = place.child(key, entry.at)
  if (options.notYet !== undefined && !isOff(entry.node)) {
    if (options.notYet === 'refused') keyPlace.error(`Friday does not run ${key} yet, and without it the project would behave otherwise`)
    else keyPlace.warn(`${key} is not applied yet`)
  }
  if (options.deprecated !== undefined) keyPlace.warn(`${key} is an older spelling; today it is ${options.deprecated}`)
  return shape.read(entry.node, place.child(key, entry.node.at))
}

/** Empty, `false` or `{enabled: false}`: asks for nothing. */
function isOff(node: Node): boolean {
  switch (node.kind) {
    case 'scalar':
      return /^(?:false|no|off)$/i.test(node.text)
    case 'list':
      return node.items.length === 0
    case 'map': {
      const enabled = node.entries.get('enabled')?.node
      return node.entries.size === 0 || (enabled !== undefined && isOff(enabled))
    }
    case 'include':
    case 'archive':
      return false
  }
}
