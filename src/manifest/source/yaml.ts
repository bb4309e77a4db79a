// One YAML file read into nodes with positions. Anchors and merge keys are resolved, tags other than !include and !archive refused.
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import { Place } from '#manifest/schema/place.ts'
import { quote } from '#manifest/problems.ts'
import { unsafeShape } from './guard.ts'
import { includeNode } from './include-node.ts'
import { MAX_DEPTH, MAX_NODES, type Usage } from './limits.ts'
import { isNull, listNode, mapNode, scalarNode, type Entry, type MapNode, type Node, type Position } from './nodes.ts'

const STANDARD_TAGS = new Set(['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`))
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])

/** The file's content; undefined once what is wrong with it has been reported. `place` stands at the file's first character. */
export function parseYaml(text: string, place: Place, usage: Usage): Node | undefined {
  const unsafe = unsafeShape(text)
  const start = place.at
  if (unsafe !== undefined) return new Place(place.problems, { ...start, line: unsafe.line }, place.path).error(unsafe.message)
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    merge: false,
    // Done below in linear time; the parser compares every key with every other.
    uniqueKeys: false,
    prettyErrors: false,
    resolveKnownTags: false,
    // 'silent' would keep quiet about further documents.
    logLevel: 'error',
  })
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return new Place(place.problems, { file: start.file, line: Math.max(1, line), column: Math.max(1, col) }, place.path)
  }
  if (document.errors.length > 0) {
    for (const error of document.errors.slice(0, 10)) placeAt(error.pos[0]).error(sentenceOf(error.code, error.message))
    return undefined
  }
  const node = document.contents === null ? scalarNode(start, null) : new Converter(document, placeAt).node(document.contents, start, 0)
  if (node === undefined) return undefined
  usage.nodes += node.size
  if (usage.nodes > MAX_NODES) {
    return place.error('the configuration is too large once its anchors are put in', { expected: `at most ${MAX_NODES} values` })
  }
  return node
}

function sentenceOf(code: string, message: string): string {
  if (code === 'MULTIPLE_DOCS') return 'the file holds several YAML documents (a line "---" begins another one)'
  if (code === 'TAB_AS_INDENT') return 'the line is indented with a tab; YAML takes spaces only'
  return `not valid YAML: ${message}`
}

class Converter {
  readonly #document: Document
  readonly #placeAt: (offset: number) => Place
  readonly #done = new Map<unknown, Node | undefined>()
  readonly #open = new Set<unknown>()
  #anchors: Map<string, unknown> | undefined
  readonly #aliasTargets = new Map<unknown, unknown>()

  constructor(document: Document, placeAt: (offset: number) => Place) {
    this.#document = document
    this.#placeAt = placeAt
  }

  /** A node of the parser as ours; `fallback` is where an empty value without a position of its own stands. */
  node(source: unknown, fallback: Position, depth: number): Node | undefined {
    if (source === null || source === undefined) return scalarNode(fallback, null)
    if (this.#done.has(source)) return this.#done.get(source)
    const place = this.#placeOf(source, fallback)
    if (this.#open.has(source)) return place.error('an anchor contains itself')
    if (depth > MAX_DEPTH) return place.error(`the configuration is nested deeper than ${MAX_DEPTH} levels`)
    this.#open.add(source)
    const node = this.#convert(source, place, depth)
    this.#open.delete(source)
    this.#done.set(source, node)
    return node
  }

  #convert(source: unknown, place: Place, depth: number): Node | undefined {
    if (isAlias(source)) {
      const target = this.#resolveAlias(source)
      return target === undefined ? place.error(`*${source.source} names no anchor above it`) : this.node(target, place.at, depth + 1)
    }
    const tag = tagOf(source)
    if (tag === '!include' || tag === '!archive') return includeNode(tag, this.#untagged(source, place, depth), place)
    if (tag !== undefined && tag !== '!' && !STANDARD_TAGS.has(tag)) {
      return place.error(`the tag ${quote(tag)} is not known`, { expected: '!include, !archive or no tag' })
    }
    return this.#untagged(source, place, depth)
  }

  #untagged(source: unknown, place: Place, depth: number): Node | undefined {
    if (isMap(source)) return this.#map(source.items, place, depth)
    if (isSeq(source)) {
      const items = source.items.map((item) => this.node(item, place.at, depth + 1))
      return items.includes(undefined)
        ? undefined
        : this.#bounded(
            listNode(
              place.at,
              items.filter((item) => item !== undefined),
            ),
            place,
          )
    }
    if (!isScalar(source)) return place.error('this value cannot be read')
    const { value } = source
    if (typeof value === 'string') {
      // Neither can be an argument, a variable or a line of a file.
      if (/\0|\p{Surrogate}/u.test(value)) return place.error('the text holds a NUL or half a character')
      return scalarNode(place.at, value)
    }
    if (value === null || typeof value === 'boolean') return scalarNode(place.at, value)
    if (typeof value === 'number') return scalarNode(place.at, value, source.source ?? String(value))
    return place.error('this value cannot be read')
  }

  #map(pairs: readonly { key: unknown; value: unknown }[], place: Place, depth: number): MapNode | undefined {
    const entries = new Map<string, Entry>()
    const merged: Node[] = []
    let failed = false
    for (const pair of pairs) {
      const keyPlace = this.#placeOf(pair.key, place.at)
      if (isScalar(pair.key) && pair.key.value === '<<' && pair.key.type === 'PLAIN') {
        const node = this.node(pair.value, keyPlace.at, depth + 1)
        if (node !== undefined) merged.push(node)
        continue
      }
      const key = keyOf(pair.key, keyPlace)
      const former = key === undefined ? undefined : entries.get(key)
      const node = this.node(pair.value, keyPlace.at, depth + 1)
      if (key !== undefined && former !== undefined) {
        keyPlace.error(`the key ${quote(key)} is there twice, first in line ${former.at.line}`)
      } else if (key !== undefined && node !== undefined) entries.set(key, { at: keyPlace.at, node })
      failed ||= node === undefined
    }
    // A bad key leaves the rest to be read; without a value, what follows would only blame its absence.
    if (failed || !this.#merge(entries, merged)) return undefined
    return this.#bounded(mapNode(place.at, entries), place)
  }

  /** `<<: *a` and `<<: [*a, *b]`: keys that are there win, then the earlier map. */
  #merge(entries: Map<string, Entry>, merged: readonly Node[]): boolean {
    for (const node of merged.flatMap((node) => (node.kind === 'list' ? node.items : [node]))) {
      if (node.kind !== 'map') {
        if (isNull(node)) continue
        this.#placeAtNode(node).error('<< takes a map', { expected: 'an alias of a map, like *defaults' })
        return false
      }
      for (const [key, entry] of node.entries) if (!entries.has(key)) entries.set(key, entry)
    }
    return true
  }

  /** Anchors can make a value far larger and deeper than its text. */
  #bounded<T extends Node>(node: T, place: Place): T | undefined {
    if (node.height > MAX_DEPTH) return place.error(`the configuration is nested deeper than ${MAX_DEPTH} levels`)
    return node.size <= MAX_NODES
      ? node
      : place.error('the configuration is too large once its anchors are put in', { expected: `at most ${MAX_NODES} values` })
  }

  #placeOf(source: unknown, fallback: Position): Place {
    const range = (source as { range?: readonly number[] | null } | null)?.range // every parsed node has one; a missing value is null
    return range?.[0] === undefined ? this.#placeAtNode({ at: fallback }) : this.#placeAt(range[0])
  }

  #placeAtNode({ at }: { at: Position }): Place {
    const somewhere = this.#placeAt(0)
    return new Place(somewhere.problems, at, somewhere.path)
  }

  /** The node an alias stands for: the last one before it with that anchor. One walk over the document for all aliases. */
  #resolveAlias(alias: unknown): unknown {
    if (this.#anchors === undefined) {
      this.#anchors = new Map()
      this.#walk(this.#document.contents)
    }
    return this.#aliasTargets.get(alias)
  }

  #walk(source: unknown): void {
    if (isAlias(source)) {
      this.#aliasTargets.set(source, this.#anchors?.get(source.source))
      return
    }
    const { anchor } = (source ?? {}) as { anchor?: string } // a parsed node or null
    if (anchor !== undefined) this.#anchors?.set(anchor, source)
    if (isMap(source)) for (const pair of source.items) for (const part of [pair.key, pair.value]) this.#walk(part)
    if (isSeq(source)) for (const item of source.items) this.#walk(item)
  }
}

function tagOf(source: unknown): string | undefined {
  return (source as { tag?: string }).tag // parsed nodes have it when it was written
}

function keyOf(source: unknown, place: Place): string | undefined {
  if (!isScalar(source) || tagOf(source) !== undefined)
    return place.error('a key is not a plain word', { expected: 'a word or a text in quotes' })
  const key = typeof source.value === 'string' ? source.value : (source.source ?? '')
  if (FORBIDDEN_KEYS.has(key)) return place.error(`${quote(key)} cannot be a key`)
  if (/[\p{Cc}\p{Surrogate}]/u.test(key)) return place.error(`the key ${quote(key)} holds control characters`)
  if (key.length > 1024) return place.error('the key is too long', { expected: 'at most 1024 characters' })
  return key
}
