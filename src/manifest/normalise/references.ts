// Relationships against the services and applications there are, whatever order they are written in.
import type { WrittenRelationship } from '#manifest/format/relationships.ts'
import type { Relationship, ServiceDefinition } from '#manifest/project.ts'
import { oneOf, quote } from '#manifest/problems.ts'
import type { Place } from '#manifest/schema/place.ts'
import { nearest } from '#manifest/schema/suggest.ts'
import { supported, type Support } from '#manifest/support.ts'

/** What there is to refer to. A service whose own definition has a problem is `undefined`: named, but nothing more is known of it. */
export interface References {
  readonly support: Support
  readonly applications: ReadonlySet<string>
  readonly services: ReadonlyMap<string, ServiceDefinition | undefined>
}

/** `owner` is the application or service that has them. */
export function resolveRelationships(written: readonly WrittenRelationship[], owner: string, references: References): Relationship[] {
  return written.flatMap((relationship) => resolveOne(relationship, owner, references) ?? [])
}

function resolveOne(
  { name, service, endpoint, place }: WrittenRelationship,
  owner: string,
  references: References,
): Relationship | undefined {
  const { applications, services, support } = references
  if (services.has(service)) {
    const definition = services.get(service)
    const kind = definition && supported(support.services, definition.type)
    if (definition === undefined || kind === undefined) return undefined
    const wanted = endpoint ?? kind.defaultEndpoint
    const endpoints = kind.endpoints(definition.configuration)
    if (endpoints.includes(wanted)) return { name, service, endpoint: wanted }
    return place.error(`the service ${quote(service)} has no endpoint ${quote(wanted)}`, {
      expected: oneOf(endpoints),
      suggestion: nearest(wanted, endpoints),
    })
  }
  if (service === owner && applications.has(service)) return place.error(`${quote(service)} has a relationship with itself`)
  if (applications.has(service))
    return place.error(`Friday does not run relationships between applications yet, such as with ${quote(service)}`)
  const names = [...services.keys(), ...applications]
  return place.error(`there is no service ${quote(service)}`, {
    expected: names.length > 0 && names.length <= 8 ? oneOf([...services.keys()]) || undefined : undefined,
    suggestion: nearest(service, names),
  })
}

/** What refers to what, by name, each with the place where it says so. Reports each circle once. */
export function reportCircles(links: ReadonlyMap<string, readonly { readonly to: string; readonly place: Place }[]>): void {
  const done = new Set<string>()
  const visit = (name: string, way: readonly string[], place: Place | undefined): void => {
    if (way.includes(name)) {
      if (way.length > 1) place?.error(`the relationships go in a circle: ${[...way.slice(way.indexOf(name)), name].join(' → ')}`)
      return
    }
    if (done.has(name)) return
    for (const link of links.get(name) ?? []) visit(link.to, [...way, name], link.place)
    done.add(name)
  }
  for (const name of links.keys()) visit(name, [], undefined)
}
