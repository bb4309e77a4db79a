// The pieces a described format is made of: each reads one kind of value, reports what is wrong and says what it expects.
import { oneOf, quote } from '#manifest/problems.ts'
import type { Json } from '#manifest/project.ts'
import { describeNode, isNull, type Node } from '#manifest/source/nodes.ts'
import type { Fields } from './record.ts'
import type { Place } from './place.ts'
import { nearest } from './suggest.ts'

export interface Shape<T> {
  /** What is right, as the end of a sentence: `true or false`. */
  readonly expected: string
  /** The value; undefined once a problem has been reported. */
  read(node: Node, place: Place): T | undefined
  /** Means something when the key has no value; otherwise a key without a value counts as not there. */
  readonly takesNull?: true
  /** For the reference: the keys inside, and whether names of the project's own come before them. */
  readonly fields?: Fields
  readonly keyed?: 'name' | 'item'
}

/** A value together with where it was written, for checks that need other parts of the configuration. */
export interface Located<T> {
  readonly value: T
  readonly place: Place
}

export interface Named<T> extends Located<T> {
  readonly name: string
}

export function text(expected = 'a text', check?: (value: string) => string | undefined): Shape<string> {
  return {
    expected,
    read(node, place) {
      if (node.kind !== 'scalar' || node.value === null) return wrong(node, place, expected)
      const problem = check?.(node.text)
      return problem === undefined ? node.text : place.error(problem, { expected })
    },
  }
}

/** A shell script or command. */
export function command(): Shape<string> {
  return text('a command, run by sh', (value) => (value.trim() === '' ? 'the command is empty' : undefined))
}

const WORDS = new Map<string, boolean>([
  ...['true', 'yes', 'on'].map((word) => [word, true] as const),
  ...['false', 'no', 'off'].map((word) => [word, false] as const),
])

/** YAML 1.1 words count too, because the format was made with a YAML 1.1 parser. */
export function flag(): Shape<boolean> {
  const expected = 'true or false'
  return {
    expected,
    read(node, place) {
      const value = node.kind === 'scalar' ? WORDS.get(node.text.toLowerCase()) : undefined
      return value ?? wrong(node, place, expected)
    },
  }
}

export function whole(low: number, high: number, unit = ''): Shape<number> {
  const expected = `a whole number from ${low} to ${high}${unit}`
  return {
    expected,
    read(node, place) {
      const value = node.kind === 'scalar' && /^-?\d{1,15}$/.test(node.text) ? Number(node.text) : NaN
      return value >= low && value <= high ? value : wrong(node, place, expected)
    },
  }
}

/** `noun` with its article: `a mount source`. `untold` are further spellings that nobody needs to learn. */
export function choice<const T extends string>(noun: string, options: readonly T[], untold: readonly T[] = []): Shape<T> {
  const expected = oneOf(options)
  return {
    expected,
    read(node, place) {
      if (node.kind !== 'scalar' || node.value === null) return wrong(node, place, expected)
      const found = [...options, ...untold].find((option) => option === node.text)
      return found ?? place.error(`${quote(node.text)} is not ${noun}`, { expected, suggestion: nearest(node.text, options) })
    },
  }
}

export function list<T>(item: Shape<T>, of = item.expected): Shape<readonly T[]> {
  const expected = `a list, each ${of}`
  return {
    expected,
    fields: item.fields,
    keyed: 'item',
    read(node, place) {
      if (node.kind !== 'list') return wrong(node, place, expected)
      return node.items.map((child, index) => item.read(child, place.item(index, child.at))).filter((value) => value !== undefined)
    },
  }
}

export interface KeyRule {
  /** What a key is called: `a relationship name`. */
  readonly noun: string
  readonly pattern: RegExp
  readonly expected: string
}

/** A map whose keys are the project's own names. */
export function named<T>(key: KeyRule | undefined, item: Shape<T>, expected = `a map, each ${item.expected}`): Shape<readonly Named<T>[]> {
  return {
    expected,
    fields: item.fields,
    keyed: 'name',
    read(node, place) {
      if (node.kind !== 'map') return wrong(node, place, expected)
      const found: Named<T>[] = []
      for (const [name, entry] of node.entries) {
        const keyPlace = place.child(name, entry.at)
        if (key !== undefined && !key.pattern.test(name)) {
          keyPlace.error(`${quote(name)} is not ${key.noun}`, { expected: key.expected })
          continue
        }
        if (isNull(entry.node) && item.takesNull === undefined) {
          keyPlace.error('there is nothing here', { expected: item.expected })
          continue
        }
        const value = item.read(entry.node, place.child(name, entry.node.at))
        if (value !== undefined) found.push({ name, value, place: keyPlace })
      }
      return found
    },
  }
}

export function located<T>(shape: Shape<T>): Shape<Located<T>> {
  return {
    ...shape,
    read(node, place) {
      const value = shape.read(node, place)
      return value === undefined ? undefined : { value, place }
    },
  }
}

/** `shape`, then made into something else; `make` reports and returns undefined when that cannot be. */
export function mapped<T, U>(shape: Shape<T>, make: (value: T, place: Place) => U | undefined, expected = shape.expected): Shape<U> {
  return {
    ...shape,
    expected,
    read(node, place) {
      const value = shape.read(node, place)
      return value === undefined ? undefined : make(value, place)
    },
  }
}

/** The first shape that fits the kind of value. */
export function either<T, U>(scalar: Shape<T>, other: Shape<U>, expected = `${scalar.expected}, or ${other.expected}`): Shape<T | U> {
  return {
    ...(scalar.takesNull || other.takesNull ? { takesNull: true as const } : {}),
    expected,
    fields: other.fields,
    read: (node, place) => (node.kind === 'scalar' && !(isNull(node) && other.takesNull) ? scalar : other).read(node, place),
  }
}

/** Any data. `!archive` is none: only services that Friday does not run yet take one. */
export function json(): Shape<Json> {
  return { expected: 'any value', takesNull: true, read: (node, place) => jsonOf(node, place) }
}

/** Nothing of it is looked at; for what is only said to be not there yet. */
export function anything(): Shape<Node> {
  return { expected: 'any value', read: (node) => node }
}

function jsonOf(node: Node, place: Place): Json | undefined {
  switch (node.kind) {
    case 'scalar':
      return node.value
    case 'list':
      return node.items.map((item, index) => jsonOf(item, place.item(index, item.at)) ?? null)
    case 'map':
      return Object.fromEntries([...node.entries].map(([key, entry]) => [key, jsonOf(entry.node, place.child(key, entry.node.at)) ?? null]))
    case 'archive':
    case 'include':
      return place.error(`Friday does not run !${node.kind} here yet`, { expected: 'the value itself' })
  }
}

/** Reports a value of the wrong kind. */
export function wrong(node: Node, place: Place, expected: string): undefined {
  const found = node.kind === 'scalar' && node.value !== null ? quote(node.text) : describeNode(node)
  return place.error(`${found} cannot stand here`, { expected })
}
