// Reads a project's configuration from its repository: every problem at once, or the project with all its defaults.
import { applicationShape } from './format/application.ts'
import { APPLICATION_NAME, SERVICE_NAME } from './format/names.ts'
import { routeShape } from './format/routes.ts'
import { serviceShape } from './format/services.ts'
import { readApplication } from './normalise/application.ts'
import { reportCircles, resolveRelationships, type References } from './normalise/references.ts'
import { defaultRoutes, readRoutes } from './normalise/routes.ts'
import { readService } from './normalise/services.ts'
import { quote, type Problem } from './problems.ts'
import type { Project, ServiceDefinition } from './project.ts'
import { Place, Problems } from './schema/place.ts'
import type { KeyRule, Named, Shape } from './schema/shape.ts'
import { findSources, type Definition, type Written } from './source/layout.ts'
import { MAX_DEFINITIONS } from './source/limits.ts'
import type { SourceTree } from './source/tree.ts'
import type { Support } from './support.ts'

export type { SourceTree } from './source/tree.ts'
export type { Support } from './support.ts'

export type ManifestResult =
  | { readonly ok: true; readonly project: Project; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly warnings: readonly Problem[] }

/** Pure. Never throws for what a repository holds: whatever is wrong is a problem with its file, line and path. */
export function readManifest(tree: SourceTree, support: Support): ManifestResult {
  const problems = new Problems()
  const written = findSources({ tree, usage: { bytes: 0, nodes: 0, includes: 0 } }, problems)
  const project = written && readProject(written, support)
  const [errors, warnings] = [problems.all('error'), problems.all('warning')]
  return project === undefined || errors.length > 0 ? { ok: false, problems: errors, warnings } : { ok: true, project, warnings }
}

function readProject({ format, applications, services, routes, place }: Written, support: Support): Project | undefined {
  const serviceList = readAll(services, serviceShape, SERVICE_NAME)
  const inputs = readAll(applications, applicationShape, APPLICATION_NAME)
  const unread = place.problems.all('error').length > 0
  if (applications.length === 0 && !unread) place.error('there is no application', { expected: 'at least one' })
  const count = applications.length + services.length
  if (count > MAX_DEFINITIONS)
    return place.error(`there are ${count} applications and services`, { expected: `at most ${MAX_DEFINITIONS}` })
  const applicationNames = new Set(applications.map(({ name }) => name))
  const read = new Map<string, ServiceDefinition | undefined>(services.map(({ name }) => [name, undefined]))
  const references: References = { support, applications: applicationNames, services: read }
  for (const service of serviceList) {
    if (applicationNames.has(service.name)) service.place.error(`${quote(service.name)} is an application and a service`)
    const definition = readService(service, support)
    read.set(service.name, definition && { ...definition, relationships: [] })
  }
  for (const { name, value } of serviceList) {
    const definition = read.get(name)
    const relationships = resolveRelationships(value.relationships ?? [], name, references)
    if (definition !== undefined) read.set(name, { ...definition, relationships })
  }
  reportCircles(
    new Map(
      [...serviceList, ...inputs].map(({ name, value }) => [
        name,
        (value.relationships ?? []).map(({ service, place }) => ({ to: service, place })),
      ]),
    ),
  )
  const understood = inputs.flatMap(({ name, value, place }) => {
    const root = applications.find((application) => application.name === name)?.root ?? ''
    return readApplication({ name, root, place, written: value }, format, references) ?? []
  })
  const routeList = readAll(routes, routeShape)
  const targets = { applications: understood, applicationNames, serviceNames: new Set(services.map(({ name }) => name)) }
  return {
    format,
    applications: understood,
    services: [...read.values()].filter((service) => service !== undefined),
    routes: routes.length === 0 ? defaultRoutes(understood, place) : readRoutes(routeList, targets),
  }
}

/** Every definition by its shape; what could not be read has been reported. */
function readAll<T>(definitions: readonly Definition[], shape: Shape<T>, rule?: KeyRule): Named<T>[] {
  return definitions.flatMap(({ name, place, node }) => {
    if (rule !== undefined && !rule.pattern.test(name)) place.error(`${quote(name)} is not ${rule.noun}`, { expected: rule.expected })
    const value = shape.read(node, new Place(place.problems, node.at, place.path))
    return value === undefined ? [] : [{ name, value, place }]
  })
}
