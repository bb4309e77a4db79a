// The keys that belong to a container and may be set for the application, its `web` or one worker.
import { field, record } from '#manifest/schema/record.ts'
import { anything, choice, mapped, named, text, whole, type Shape } from '#manifest/schema/shape.ts'
import { quote } from '#manifest/problems.ts'
import { mounts } from './mounts.ts'
import { HOST_NAME } from './names.ts'
import { relationships } from './relationships.ts'
import { variables } from './variables.ts'

export const sizeFields = {
  size: field(text('S, M, L, XL, 2XL, 4XL or AUTO'), 'Size of the container.', { notYet: 'ignored' }),
  disk: field(whole(0, 100_000_000), 'Disk in MB.', { notYet: 'ignored' }),
  resources: field(anything(), 'Memory of the container.', { notYet: 'ignored' }),
  container_profile: field(
    choice('a container profile', ['HIGH_CPU', 'BALANCED', 'HIGH_MEMORY', 'HIGHER_MEMORY']),
    'Ratio of CPU to memory.',
    {
      notYet: 'ignored',
    },
  ),
}

export const containerFields = {
  relationships: field(
    relationships(),
    'What the application talks to: each name becomes `<name>.internal` and variables like `DATABASE_URL`.',
  ),
  mounts: field(mounts(), 'Directories that can be written at run time; everything else is read-only.'),
  variables: field(variables(), '`env`: environment variables. Other prefixes: entries of PLATFORM_VARIABLES.'),
  access: field(
    record('access', {
      ssh: field(choice('a role', ['viewer', 'contributor', 'admin']), 'The least role that may open a shell.', {
        preset: 'contributor',
        notYet: 'ignored',
      }),
    }),
    'Who may open a shell in it.',
  ),
  additional_hosts: field(named(HOST_NAME, address(), 'a map of host names to IP addresses'), 'Lines of /etc/hosts.'),
  firewall: field(anything(), 'Rules for outbound traffic.', { notYet: 'refused' }),
  ...sizeFields,
}

function address(): Shape<string> {
  return mapped(text('an IP address'), (written, place) =>
    isAddress(written) ? written : place.error(`${quote(written)} is not an IP address`, { expected: 'an address like 192.0.2.1' }),
  )
}

function isAddress(written: string): boolean {
  const parts = written.split('.')
  if (parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return true
  return /^[0-9a-fA-F:.]{2,45}$/.test(written) && written.includes(':') && URL.canParse(`http://[${written}]/`)
}
