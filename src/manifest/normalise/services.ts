// Services against the kinds this Friday runs; their settings are checked by the service itself.
import { KNOWN_SERVICES } from '#manifest/format/known.ts'
import type { WrittenService } from '#manifest/format/services.ts'
import type { Json, ServiceDefinition } from '#manifest/project.ts'
import type { Place } from '#manifest/schema/place.ts'
import { json, wrong, type Located, type Named } from '#manifest/schema/shape.ts'
import type { Node } from '#manifest/source/nodes.ts'
import { supported, type Support } from '#manifest/support.ts'
import { readType } from './versions.ts'

/** Without its relationships, which need all the others first; undefined once a problem has been reported. */
export function readService(
  { name, value, place }: Named<WrittenService>,
  support: Support,
): Omit<ServiceDefinition, 'relationships'> | undefined {
  const versions = Object.fromEntries(Object.entries(support.services).map(([type, { versions }]) => [type, versions]))
  const type =
    value.type &&
    readType(value.type, { noun: 'a service type', known: KNOWN_SERVICES, versions, example: '"service:version", like postgresql:17' })
  const configuration = readConfiguration(value.configuration)
  if (type === undefined || configuration === undefined) return undefined
  const problems = supported(support.services, type.name)?.check(configuration) ?? []
  for (const { path, message, expected } of problems) placeOf(path, value.configuration, place).error(message, { expected })
  return {
    name,
    origin: { file: place.at.file, line: place.at.line },
    type: type.name,
    version: type.version,
    configuration,
    resources: { size: value.size, disk: value.disk, profile: value.container_profile },
  }
}

function readConfiguration(located: Located<Node> | undefined): Readonly<Record<string, Json>> | undefined {
  if (located === undefined) return {}
  const { value: node, place } = located
  if (node.kind !== 'map') return wrong(node, place, 'a map')
  const value = json().read(node, place)
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, Json>) : undefined // what a map reads as
}

/** Where `endpoints.reader.privileges` or `databases[1]` stands; as near to it as the configuration goes. */
function placeOf(path: string, located: Located<Node> | undefined, service: Place): Place {
  if (located === undefined) return service.child('configuration')
  let { value: node, place } = located
  for (const step of path.split(/[./[\]]+/).filter((part) => part !== '')) {
    const item: Node | undefined = node.kind === 'list' ? node.items[Number(step)] : undefined
    const entry = node.kind === 'map' ? node.entries.get(step) : undefined
    if (item !== undefined) [node, place] = [item, place.item(Number(step), item.at)]
    else if (entry !== undefined) [node, place] = [entry.node, place.child(step, entry.node.at)]
    else return place.child(step)
  }
  return place
}
