// Sections of the configuration as named definitions, includes resolved.
import { quote } from '#manifest/problems.ts'
import type { Place } from '#manifest/schema/place.ts'
import { wrong } from '#manifest/schema/shape.ts'
import { resolveIncludes, resolveTop, type Sources } from './include.ts'
import type { ApplicationDefinition, Definition } from './layout.ts'
import { isNull, type Node } from './nodes.ts'
import { pathFrom, type SourceTree } from './tree.ts'

/** The definitions in a map; `directory` is where its file lies. Nothing there is no definition. */
export function definitionsIn(node: Node, directory: string, place: Place, sources: Sources): Definition[] {
  const top = resolveTop(node, directory, place, sources)
  if (top === undefined || isNull(top.node)) return []
  if (top.node.kind !== 'map') {
    wrong(top.node, place, 'a map of names to definitions')
    return []
  }
  return [...top.node.entries].flatMap(([name, entry]) => {
    const inside = place.child(name, entry.node.at)
    const resolved = resolveIncludes(entry.node, top.directory, inside, sources)
    return resolved === undefined ? [] : [{ name, place: place.child(name, entry.at), node: resolved }]
  })
}

/** An application as written at `place`; `directory` is where its file lies, `root` its own directory unless it says otherwise. */
export function applicationIn(
  name: string,
  node: Node,
  directory: string,
  place: Place,
  sources: Sources,
  root = '',
): ApplicationDefinition | undefined {
  const top = resolveTop(node, directory, place, sources)
  if (top === undefined) return undefined
  const said = rootOf(top.node)
  const found = said === undefined ? root : checkedRoot(said, place, sources.tree)
  if (found === undefined) return undefined
  const resolved = resolveIncludes(top.node, found, place, sources)
  return resolved === undefined ? undefined : { name, place, node: resolved, root: found }
}

function rootOf(node: Node): Node | undefined {
  const source = node.kind === 'map' ? node.entries.get('source')?.node : undefined
  const root = source?.kind === 'map' ? source.entries.get('root')?.node : undefined
  return root === undefined || isNull(root) ? undefined : root
}

function checkedRoot(node: Node, application: Place, tree: SourceTree): string | undefined {
  const place = application.child('source').child('root', node.at)
  if (node.kind !== 'scalar') return wrong(node, place, 'a directory of the repository')
  const root = pathFrom('', node.text.replace(/^\/+/, ''))
  if (root === undefined)
    return place.error(`${quote(node.text)} leads out of the repository`, { expected: 'a directory of the repository' })
  if (root !== '' && tree.list(root).length === 0) return place.error(`there is no directory ${quote(root)} in the repository`)
  return root
}
