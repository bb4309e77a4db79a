// `type: name:version` of runtimes and services against what this Friday runs.
import { oneOf, quote } from '#manifest/problems.ts'
import type { Located } from '#manifest/schema/shape.ts'
import { nearest } from '#manifest/schema/suggest.ts'
import { coveringVersion, supported } from '#manifest/support.ts'

export interface Kind {
  /** `a runtime`. */
  readonly noun: string
  readonly known: readonly string[]
  readonly versions: Readonly<Record<string, readonly string[]>>
  readonly example: string
}

/** Name and version; undefined once it is reported why Friday does not run it. */
export function readType({ value, place }: Located<string>, kind: Kind): { name: string; version: string } | undefined {
  const [name = '', version = '', ...rest] = value.split(':')
  const runs = oneOf(Object.keys(kind.versions))
  const versions = supported(kind.versions, name)
  if (name === '' || rest.length > 0) return place.error(`${quote(value)} is not ${kind.noun}`, { expected: kind.example })
  if (versions === undefined && kind.known.includes(name)) {
    return place.error(`Friday does not run ${name} yet; it runs ${runs}`)
  }
  if (versions === undefined) {
    const suggestion = nearest(name, [...Object.keys(kind.versions), ...kind.known])
    return place.error(`${quote(name)} is not ${kind.noun}`, { expected: runs, suggestion })
  }
  if (version === '') return place.error(`${quote(value)} has no version`, { expected: `${name}:${versions[0] ?? ''}` })
  if (/^\d+(?:\.\d+){0,2}$/.test(version) && coveringVersion(versions, version) !== undefined) return { name, version }
  return place.error(`Friday does not run ${name} ${quote(version)} yet; it runs ${name} ${oneOf(versions)}`)
}
