// Which location of an upstream route a path falls into, and how files are treated there.
import type { Location } from '#router/router.ts'
import { fail } from '#router/errors.ts'
import { checkHeaders } from '#router/core/headers.ts'
import { compilePattern, MAX_SUBJECT } from '#router/core/patterns.ts'
import { isUnder } from '#router/core/paths.ts'

export interface Policy {
  readonly passthru: boolean | string
  readonly allow: boolean
  readonly expires: number
  readonly headers: Readonly<Record<string, string>>
}

export interface CompiledLocation {
  readonly location: Location
  readonly policy: Policy
  readonly rules: readonly { readonly pattern: RegExp; readonly policy: Policy }[]
}

/** Longest prefix first. */
export function compileLocations(locations: readonly Location[], where: string): readonly CompiledLocation[] {
  return locations
    .map((location) => compileLocation(location, where))
    .toSorted((a, b) => b.location.prefix.length - a.location.prefix.length)
}

export function findLocation(locations: readonly CompiledLocation[], path: string): CompiledLocation | undefined {
  for (const compiled of locations) if (isUnder(path, compiled.location.prefix)) return compiled
  return undefined
}

/** The location's own policy, or that of its first rule that matches the path. */
export function policyFor({ policy, rules }: CompiledLocation, path: string): Policy {
  if (rules.length === 0) return policy
  const subject = path.slice(0, MAX_SUBJECT)
  return rules.find(({ pattern }) => pattern.test(subject))?.policy ?? policy
}

/** The path below the location, to be looked up in its root: no leading slash. */
export function pathInRoot({ location }: CompiledLocation, path: string): string {
  return path.slice(location.prefix.length).replace(/^\/+/, '')
}

function compileLocation(location: Location, where: string): CompiledLocation {
  const place = `${where}, location ${location.prefix}`
  if (!location.prefix.startsWith('/')) throw fail('bad_site', `${place}: a location starts with /`)
  const { passthru, allow, expires, headers } = location
  const policy = checked({ passthru, allow, expires, headers }, place)
  return {
    location,
    policy,
    rules: location.rules.map(({ pattern, ...override }) => ({
      pattern: compilePattern(pattern, `${place}, rule`),
      policy: checked(
        { ...policy, ...defined(override), headers: { ...policy.headers, ...override.headers } },
        `${place}, rule ${pattern}`,
      ),
    })),
  }
}

function checked(policy: Policy, place: string): Policy {
  checkHeaders(policy.headers, place)
  if (typeof policy.passthru === 'string' && !/^\/[\x21-\x7e]*$/.test(policy.passthru)) {
    throw fail('bad_site', `${place}: passthru is true, false or a path that starts with /`)
  }
  return policy
}

function defined<T extends object>(value: T): Partial<T> {
  // The filter only takes keys away, so what is left is still a part of T.
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Partial<T>
}
