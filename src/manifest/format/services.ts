// One service.
import { field, record, type Values } from '#manifest/schema/record.ts'
import { anything, located, text } from '#manifest/schema/shape.ts'
import { sizeFields } from './container.ts'
import { relationships } from './relationships.ts'

export const serviceFields = {
  type: field(located(text('"service:version", like postgresql:17')), 'What it is, and its version.', { required: true }),
  configuration: field(located(anything()), 'Settings of this kind of service: databases, endpoints, extensions.'),
  relationships: field(relationships(), 'What the service itself talks to.'),
  firewall: field(anything(), 'Rules for outbound traffic.', { notYet: 'refused' }),
  access: field(anything(), 'Who may reach it.', { notYet: 'ignored' }),
  ...sizeFields,
}

export const serviceShape = record('a service', serviceFields)
export type WrittenService = Values<typeof serviceFields>
