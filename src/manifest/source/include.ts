// Puts the content of included files in their place; nothing outside the repository, no circles, bounded in number and size.
import { messageOf } from '#lib/errors.ts'
import { quote } from '#manifest/problems.ts'
import { Place } from '#manifest/schema/place.ts'
import { affordable, decode } from './decode.ts'
import { MAX_INCLUDE_DEPTH, MAX_INCLUDES, type Usage } from './limits.ts'
import { listNode, mapNode, scalarNode, type Entry, type IncludeNode, type Node } from './nodes.ts'
import { directoryOf, isFile, joined, pathFrom, type SourceTree } from './tree.ts'
import { parseYaml } from './yaml.ts'

export interface Sources {
  readonly tree: SourceTree
  readonly usage: Usage
}

/**
 * The node with every include in it resolved, paths seen from `directory` (an application's own, else the file's).
 * What cannot be included is reported and left out. `inside` are the files being included now.
 */
export function resolveIncludes(
  node: Node,
  directory: string,
  place: Place,
  sources: Sources,
  inside: readonly string[] = [],
): Node | undefined {
  switch (node.kind) {
    case 'scalar':
      return node
    case 'archive':
      return archive(node, directory, place, sources)
    case 'include':
      return included(node, directory, place, sources, inside)
    case 'list': {
      const items = node.items.map((item, index) => resolveIncludes(item, directory, place.item(index, item.at), sources, inside))
      return listNode(
        node.at,
        items.filter((item) => item !== undefined),
      )
    }
    case 'map': {
      const entries = new Map<string, Entry>()
      for (const [key, entry] of node.entries) {
        const resolved = resolveIncludes(entry.node, directory, place.child(key, entry.node.at), sources, inside)
        if (resolved !== undefined) entries.set(key, { at: entry.at, node: resolved })
      }
      return mapNode(node.at, entries)
    }
  }
}

/** The node an include at the top stands for, includes further inside it left alone. */
export function resolveTop(node: Node, directory: string, place: Place, sources: Sources): { node: Node; directory: string } | undefined {
  const seen: string[] = []
  let current = { node, directory }
  while (current.node.kind === 'include' && current.node.type === 'yaml') {
    const path = findFile(current.node, current.directory, place, sources, seen)
    const content = path === undefined ? undefined : readYaml(path, place, sources)
    if (path === undefined || content === undefined) return undefined
    seen.push(path)
    current = { node: content, directory: directoryOf(path) }
  }
  return current
}

function included(node: IncludeNode, directory: string, place: Place, sources: Sources, inside: readonly string[]): Node | undefined {
  const path = findFile(node, directory, place, sources, inside)
  if (path === undefined) return undefined
  if (node.type === 'yaml') {
    const content = readYaml(path, place, sources)
    return content && resolveIncludes(content, directory, new Place(place.problems, content.at, place.path), sources, [...inside, path])
  }
  const bytes = readFile(path, place, sources) ?? new Uint8Array()
  if (node.type === 'binary') {
    return affordable(bytes, placeIn(path, place), sources.usage) ? scalarNode(node.at, Buffer.from(bytes).toString('base64')) : undefined
  }
  const text = decode(bytes, placeIn(path, place), sources.usage)
  return text === undefined ? undefined : scalarNode(node.at, text)
}

/** Path of a file that may be included here; undefined once the reason has been reported. */
function findFile(node: IncludeNode, directory: string, place: Place, sources: Sources, inside: readonly string[]): string | undefined {
  sources.usage.includes += 1
  if (sources.usage.includes > MAX_INCLUDES) return place.error(`there are more than ${MAX_INCLUDES} includes`)
  if (inside.length >= MAX_INCLUDE_DEPTH) return place.error(`includes are nested deeper than ${MAX_INCLUDE_DEPTH} files`)
  const path = pathFrom(directory, node.path)
  if (path === undefined) {
    return place.error(`${quote(node.path)} leads out of the repository`, { expected: `a path relative to ${named(directory)}` })
  }
  if (inside.includes(path)) return place.error(`${quote(path)} includes itself`)
  if (isFile(sources.tree, path)) return path
  const beside = pathFrom(directoryOf(place.at.file), node.path)
  const elsewhere = beside !== undefined && isFile(sources.tree, beside)
  return place.error(`there is no file ${quote(path)} in the repository`, {
    expected: `a path relative to ${named(directory)}`,
    suggestion: elsewhere ? relativePath(directory, beside) : undefined,
  })
}

/** A YAML file's content, with the includes in it still to be resolved; undefined once what is wrong has been reported. */
export function readYaml(path: string, place: Place, sources: Sources): Node | undefined {
  const here = placeIn(path, place)
  const bytes = readFile(path, here, sources)
  const text = bytes && decode(bytes, here, sources.usage)
  return text === undefined ? undefined : parseYaml(text, here, sources.usage)
}

/** A tree may know a file it does not hand out, and says why by throwing. */
function readFile(path: string, place: Place, { tree }: Sources): Uint8Array | undefined {
  try {
    return tree.read(path) ?? place.error(`there is no file ${quote(path)} in the repository`)
  } catch (error) {
    return place.error(messageOf(error))
  }
}

function archive(node: Extract<Node, { kind: 'archive' }>, directory: string, place: Place, { tree }: Sources): Node | undefined {
  const path = pathFrom(directory, node.path)
  if (path === undefined) return place.error(`${quote(node.path)} leads out of the repository`)
  if (tree.list(path).length === 0) return place.error(`there is no directory ${quote(path)} in the repository`)
  return { ...node, path }
}

function placeIn(file: string, place: Place): Place {
  return new Place(place.problems, { file, line: 1, column: 1 }, place.path)
}

function relativePath(from: string, to: string): string {
  const ups = from === '' ? [] : from.split('/').map(() => '..')
  return joined(ups.join('/'), to)
}

function named(directory: string): string {
  return directory === '' ? 'the root of the repository' : directory
}
