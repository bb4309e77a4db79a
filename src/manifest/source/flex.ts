// The flex layout: every `*.yaml` directly in `.upsun`, merged name by name, later files over earlier ones.
import { quote } from '#manifest/problems.ts'
import { Place, type Problems } from '#manifest/schema/place.ts'
import { wrong } from '#manifest/schema/shape.ts'
import { nearest } from '#manifest/schema/suggest.ts'
import { applicationIn, definitionsIn } from './definitions.ts'
import { readYaml, resolveTop, type Sources } from './include.ts'
import type { ApplicationDefinition, Definition, Written } from './layout.ts'
import { isNull, type Node } from './nodes.ts'

const DIRECTORY = '.upsun'
const SECTIONS = ['applications', 'services', 'routes'] as const

/** Undefined when there is no such layout here. */
export function flexSources(sources: Sources, problems: Problems): Written | undefined {
  const files = sources.tree.list(DIRECTORY).filter((entry) => entry.kind === 'file')
  const names = files.filter(({ name }) => name.endsWith('.yaml')).map(({ name }) => `${DIRECTORY}/${name}`)
  for (const { name } of files.filter(({ name }) => /\.ya?ml$/i.test(name) && !name.endsWith('.yaml'))) {
    placeOf(problems, `${DIRECTORY}/${name}`).warn('this file is not read', { expected: 'a name that ends in .yaml' })
  }
  if (names.length === 0) return undefined
  const applications = new Map<string, ApplicationDefinition>()
  const services = new Map<string, Definition>()
  const routes = new Map<string, Definition>()
  for (const file of names.toSorted()) {
    const place = placeOf(problems, file)
    for (const [section, node, at] of sectionsOf(readYaml(file, place, sources), place)) {
      if (section === 'applications') putAll(applications, applicationsOf(node, at, sources))
      else putAll(section === 'services' ? services : routes, definitionsIn(node, DIRECTORY, at, sources))
    }
  }
  const place = placeOf(problems, names[0] ?? DIRECTORY)
  return { format: 'flex', applications: [...applications.values()], services: [...services.values()], routes: [...routes.values()], place }
}

function sectionsOf(node: Node | undefined, place: Place): (readonly [(typeof SECTIONS)[number], Node, Place])[] {
  if (node === undefined || isNull(node)) return []
  if (node.kind !== 'map') {
    wrong(node, place, 'a map with applications, services and routes')
    return []
  }
  return [...node.entries].flatMap(([key, entry]) => {
    const section = SECTIONS.find((candidate) => candidate === key)
    if (section !== undefined) return [[section, entry.node, place.child(key, entry.node.at)] as const]
    place
      .child(key, entry.at)
      .error(`${quote(key)} is not a key of the configuration`, { expected: SECTIONS.join(', '), suggestion: nearest(key, SECTIONS) })
    return []
  })
}

function applicationsOf(node: Node, place: Place, sources: Sources): ApplicationDefinition[] {
  const top = resolveTop(node, DIRECTORY, place, sources)
  if (top === undefined || isNull(top.node)) return []
  if (top.node.kind !== 'map') {
    wrong(top.node, place, 'a map of application names to definitions')
    return []
  }
  return [...top.node.entries].flatMap(
    ([name, entry]) => applicationIn(name, entry.node, top.directory, place.child(name, entry.at), sources) ?? [],
  )
}

function putAll<T extends Definition>(into: Map<string, T>, definitions: readonly T[]): void {
  for (const definition of definitions) {
    const former = into.get(definition.name)
    if (former !== undefined) definition.place.warn(`this replaces the whole definition in ${former.place.at.file}`)
    into.set(definition.name, definition)
  }
}

function placeOf(problems: Problems, file: string): Place {
  return new Place(problems, { file, line: 1, column: 1 })
}
