// The fixed layout: `.platform.app.yaml` files anywhere, and applications, services and routes in `.platform`.
import { quote } from '#manifest/problems.ts'
import { Place, type Problems } from '#manifest/schema/place.ts'
import { wrong } from '#manifest/schema/shape.ts'
import { applicationIn, definitionsIn } from './definitions.ts'
import { readYaml, resolveTop, type Sources } from './include.ts'
import type { ApplicationDefinition, Definition, Written } from './layout.ts'
import { MAX_DIRECTORIES } from './limits.ts'
import { isNull, type Node } from './nodes.ts'
import { directoryOf, isFile, joined, type SourceTree } from './tree.ts'

const DIRECTORY = '.platform'
const APPLICATION_FILE = '.platform.app.yaml'
/** Packages bring files of their own along. */
const SKIPPED = new Set(['node_modules', 'vendor', '.git'])

/** Undefined when there is no such layout here, or when it is `overruled` by the other one, which is said then. */
export function fixedSources(sources: Sources, problems: Problems, overruled: boolean): Written | undefined {
  const shared = ['applications', 'services', 'routes'].map((name) => `${DIRECTORY}/${name}.yaml`)
  const files = [...shared.filter((file) => isFile(sources.tree, file)), ...applicationFiles(sources.tree)]
  if (overruled) {
    for (const file of files) placeOf(problems, file).warn('this file is ignored, because there is a configuration in .upsun')
    return undefined
  }
  if (files.length === 0) return undefined
  const applications = files.flatMap((file) => applicationsOf(file, problems, sources))
  reportTwins(applications)
  const [services = [], routes = []] = ['services', 'routes'].map((name) => bodyOf(`${DIRECTORY}/${name}.yaml`, files, problems, sources))
  return { format: 'fixed', applications, services, routes, place: placeOf(problems, files[0] ?? DIRECTORY) }
}

function bodyOf(file: string, files: readonly string[], problems: Problems, sources: Sources): Definition[] {
  const place = placeOf(problems, file)
  const node = files.includes(file) ? readYaml(file, place, sources) : undefined
  return node === undefined ? [] : definitionsIn(node, DIRECTORY, place, sources)
}

function applicationsOf(file: string, problems: Problems, sources: Sources): ApplicationDefinition[] {
  const isList = file === `${DIRECTORY}/applications.yaml`
  if (!isList && !file.endsWith(APPLICATION_FILE)) return []
  const place = placeOf(problems, file)
  const node = readYaml(file, place, sources)
  if (node === undefined || isNull(node)) return []
  if (!isList) return named(node, directoryOf(file), place, sources, directoryOf(file))
  const top = resolveTop(node, DIRECTORY, place, sources)
  if (top === undefined) return []
  if (top.node.kind === 'list') {
    return top.node.items.flatMap((item, index) => named(item, top.directory, place.item(index, item.at), sources))
  }
  if (top.node.kind === 'map') {
    return [...top.node.entries].flatMap(
      ([name, entry]) => applicationIn(name, entry.node, top.directory, place.child(name, entry.at), sources) ?? [],
    )
  }
  wrong(top.node, place, 'a list of applications, or a map of names to applications')
  return []
}

/** An application that says its own name. */
function named(node: Node, directory: string, place: Place, sources: Sources, root = ''): ApplicationDefinition[] {
  const definition = applicationIn('', node, directory, place, sources, root)
  if (definition === undefined) return []
  const name = definition.node.kind === 'map' ? definition.node.entries.get('name') : undefined
  if (name?.node.kind === 'scalar' && name.node.value !== null) {
    return [{ ...definition, name: name.node.text, place: new Place(place.problems, definition.node.at, place.path) }]
  }
  if (definition.node.kind === 'map') place.child('name').error('this is missing', { expected: 'the name of the application' })
  else wrong(definition.node, place, 'an application')
  return []
}

function applicationFiles(tree: SourceTree): string[] {
  const files: string[] = []
  const waiting = ['']
  for (let looked = 0; looked < MAX_DIRECTORIES; looked += 1) {
    const directory = waiting.shift()
    if (directory === undefined) break
    for (const { name, kind } of tree.list(directory)) {
      if (kind === 'file' && name === APPLICATION_FILE) files.push(joined(directory, name))
      if (kind === 'directory' && !SKIPPED.has(name)) waiting.push(joined(directory, name))
    }
  }
  return files.toSorted()
}

function reportTwins(applications: readonly ApplicationDefinition[]): void {
  const first = new Map<string, ApplicationDefinition>()
  for (const application of applications) {
    const former = first.get(application.name)
    if (former === undefined) first.set(application.name, application)
    else application.place.error(`the application ${quote(application.name)} is there twice, first in ${former.place.at.file}`)
  }
}

function placeOf(problems: Problems, file: string): Place {
  return new Place(problems, { file, line: 1, column: 1 })
}
