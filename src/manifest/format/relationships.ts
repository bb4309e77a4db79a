// `relationships` in its four notations.
import { quote } from '#manifest/problems.ts'
import type { Place } from '#manifest/schema/place.ts'
import { field, record } from '#manifest/schema/record.ts'
import { either, mapped, named, text, type Shape } from '#manifest/schema/shape.ts'
import { isNull } from '#manifest/source/nodes.ts'
import { RELATIONSHIP_NAME } from './names.ts'

export interface WrittenRelationship {
  readonly name: string
  readonly service: string
  /** Not written: the default one. */
  readonly endpoint: string | undefined
  readonly place: Place
}

interface Target {
  readonly service: string | undefined
  readonly endpoint: string | undefined
}

const targetMap = record('a relationship', {
  service: field(text('the name of a service'), 'The service, or an application.', { preset: "the relationship's own name" }),
  endpoint: field(text('an endpoint of it'), 'The endpoint: which database, with which rights.', {
    preset: "the service's default endpoint",
  }),
})

const short: Shape<Target> = {
  ...mapped(text('"service:endpoint"'), (written, place): Target | undefined => {
    const [service = '', endpoint, ...rest] = written.split(':')
    if (service !== '' && endpoint !== '' && rest.length === 0) return { service, endpoint }
    return place.error(`${quote(written)} does not name a service`, { expected: '"service:endpoint"' })
  }),
}

const target: Shape<Target> = {
  expected: 'nothing, "service:endpoint" or {service, endpoint}',
  takesNull: true,
  fields: targetMap.fields,
  read: (node, place) => (isNull(node) ? { service: undefined, endpoint: undefined } : either(short, targetMap).read(node, place)),
}

export function relationships(): Shape<readonly WrittenRelationship[]> {
  return mapped(named(RELATIONSHIP_NAME, target), (found) =>
    found.map(({ name, value, place }) => ({ name, service: value.service ?? name, endpoint: value.endpoint, place })),
  )
}
