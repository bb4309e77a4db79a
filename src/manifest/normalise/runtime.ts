// Which runtime an application wants, from `type` or from a `stack` that is nothing but a runtime.
import { KNOWN_RUNTIMES } from '#manifest/format/known.ts'
import type { Stack } from '#manifest/format/stack.ts'
import type { Application } from '#manifest/project.ts'
import { oneOf } from '#manifest/problems.ts'
import type { Place } from '#manifest/schema/place.ts'
import type { Located } from '#manifest/schema/shape.ts'
import { supported, type Support } from '#manifest/support.ts'
import { readType, type Kind } from './versions.ts'

/** Packages that come with a runtime anyway. */
const INCLUDED: Readonly<Record<string, readonly string[]>> = { nodejs: ['nodePackages.npm', 'npm'] }

export function readRuntime(
  type: Located<string> | undefined,
  stack: Located<Stack> | undefined,
  place: Place,
  support: Support,
): Application['type'] | undefined {
  const kind: Kind = { noun: 'a runtime', known: KNOWN_RUNTIMES, versions: support.runtimes, example: '"runtime:version", like nodejs:22' }
  const composable = type?.value.startsWith('composable:') === true
  if (stack !== undefined && (type === undefined || composable)) return readStack(stack, kind)
  if (stack !== undefined) stack.place.error('there is a type and a stack', { expected: 'one of them' })
  if (type === undefined) return place.child('type').error('this is missing', { expected: kind.example })
  const read = readType(type, kind)
  return read && { runtime: read.name, version: read.version }
}

function readStack({ value: { runtimes, packages }, place }: Located<Stack>, kind: Kind): Application['type'] | undefined {
  const [runtime, ...others] = runtimes
  if (runtime === undefined) return place.error('the stack names no runtime', { expected: 'a runtime like "nodejs@22"' })
  for (const { name, place } of packages) {
    if (!(supported(INCLUDED, runtime.name) ?? []).includes(name))
      place.error(`Friday does not run composable packages yet, such as ${name}`)
  }
  for (const { name, place } of others) place.error(`Friday does not run several runtimes in one application yet, such as ${name} here`)
  if (runtime.configured)
    runtime.place.error(`Friday does not run settings of ${runtime.name} yet; it runs ${oneOf(Object.keys(kind.versions))}`)
  const read = readType({ value: runtime.version === '' ? runtime.name : `${runtime.name}:${runtime.version}`, place: runtime.place }, kind)
  return read && { runtime: read.name, version: read.version }
}
