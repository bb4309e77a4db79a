// What `!include` and `!archive` ask for, in their short and their long form.
import { quote } from '#manifest/problems.ts'
import type { Place } from '#manifest/schema/place.ts'
import { nearest } from '#manifest/schema/suggest.ts'
import { measure, type ArchiveNode, type IncludeNode, type Node } from './nodes.ts'

const TYPES = ['yaml', 'string', 'binary', 'archive'] as const

/** `!include "x.yaml"`, `!include {type: string, path: x}` or `!archive "directory"`; undefined once a problem has been reported. */
export function includeNode(tag: '!include' | '!archive', value: Node | undefined, place: Place): IncludeNode | ArchiveNode | undefined {
  if (value === undefined) return undefined
  const short = textOf(value)
  if (short !== undefined) return tag === '!archive' ? make('archive', short, place) : make('yaml', short, place)
  if (tag === '!archive' || value.kind !== 'map') {
    return place.error(`${tag} takes a path`, { expected: tag === '!archive' ? '!archive "directory"' : '!include "file.yaml"' })
  }
  const unknown = [...value.entries.keys()].find((key) => key !== 'type' && key !== 'path')
  if (unknown !== undefined) {
    return place.error(`${quote(unknown)} is not a key of !include`, {
      expected: 'type and path',
      suggestion: nearest(unknown, ['type', 'path']),
    })
  }
  const typeEntry = value.entries.get('type')
  const wanted = typeEntry === undefined ? 'yaml' : textOf(typeEntry.node)
  const type = TYPES.find((candidate) => candidate === wanted)
  if (type === undefined) {
    return place.error(`${quote(wanted ?? '')} is not a type of !include`, {
      expected: 'yaml, string, binary or archive',
      suggestion: nearest(wanted ?? '', TYPES),
    })
  }
  const pathEntry = value.entries.get('path')
  const path = pathEntry === undefined ? undefined : textOf(pathEntry.node)
  return path === undefined ? place.error('!include has no path', { expected: 'path: "file"' }) : make(type, path, place)
}

function textOf(node: Node): string | undefined {
  return node.kind === 'scalar' && typeof node.value === 'string' && node.value !== '' ? node.value : undefined
}

function make(type: (typeof TYPES)[number], path: string, place: Place): IncludeNode | ArchiveNode {
  const base = { at: place.at, path, ...measure([]) }
  return type === 'archive' ? { kind: 'archive', ...base } : { kind: 'include', type, ...base }
}
