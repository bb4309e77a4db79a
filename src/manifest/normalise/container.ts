// Container keys with their defaults, for the web container and for workers, which inherit whole keys.
import type { WrittenContainer } from '#manifest/format/application.ts'
import type { WrittenMount } from '#manifest/format/mounts.ts'
import type { ContainerSettings, MountDefinition, Project } from '#manifest/project.ts'
import { quote } from '#manifest/problems.ts'
import { nearest } from '#manifest/schema/suggest.ts'
import { resolveRelationships, type References } from './references.ts'

const KEYS = ['relationships', 'mounts', 'variables', 'access', 'additional_hosts', 'size', 'disk', 'container_profile'] as const
type ContainerKeys = Pick<WrittenContainer, (typeof KEYS)[number]>

/** `own` over `inherited`, key by key; a key that is there replaces the other whole. */
export function inherit(inherited: ContainerKeys, own: ContainerKeys): ContainerKeys {
  const chosen = KEYS.map((key) => [key, own[key] ?? inherited[key]] as const)
  return Object.fromEntries(chosen) as ContainerKeys // one entry per key, each from that key
}

export function readContainer(written: ContainerKeys, owner: string, format: Project['format'], references: References): ContainerSettings {
  return {
    relationships: resolveRelationships(written.relationships ?? [], owner, references),
    mounts: (written.mounts ?? []).flatMap((mount) => readMount(mount, format, references) ?? []),
    variables: written.variables ?? { env: {}, prefixed: {} },
    access: { ssh: written.access?.ssh ?? 'contributor' },
    additionalHosts: Object.fromEntries((written.additional_hosts ?? []).map(({ name, value }) => [name.toLowerCase(), value])),
    resources: { size: written.size, disk: written.disk, profile: written.container_profile },
  }
}

function readMount(mount: WrittenMount, format: Project['format'], { applications, services }: References): MountDefinition | undefined {
  const { path, sourcePath, service, place } = mount
  if (service !== undefined && !services.has(service) && !applications.has(service)) {
    const names = [...services.keys(), ...applications]
    return place.error(`there is no service ${quote(service)}`, { suggestion: nearest(service, names) })
  }
  if (service !== undefined) return place.error(`Friday does not run mounts of another's storage yet, such as of ${quote(service)}`)
  if (mount.source === 'service') return undefined
  // The fixed layout's `local` keeps its files; in the flex layout it is the former name of `instance`.
  const kept = format === 'fixed' ? 'storage' : 'instance'
  return { path, source: mount.source === 'local' ? kept : mount.source, sourcePath }
}
