// `variables`: environment variables under `env`, everything else for PLATFORM_VARIABLES.
import type { Json, Variables } from '#manifest/project.ts'
import { json, named, wrong, type Named, type Shape } from '#manifest/schema/shape.ts'
import { VARIABLE_NAME } from './names.ts'

/** Text as written for a single value, JSON for anything larger. */
const envValue: Shape<string> = {
  expected: 'a text; maps and lists become JSON',
  takesNull: true,
  read(node, place) {
    if (node.kind === 'scalar') return node.text
    const value = json().read(node, place)
    return value === undefined ? undefined : JSON.stringify(value)
  },
}

const env = named(VARIABLE_NAME, envValue, 'a map of names to values')
const others = named(undefined, json(), 'a map of names to values')

export function variables(): Shape<Variables> {
  const expected = 'a map of env and other prefixes, each a map of names to values'
  return {
    expected,
    read(node, place) {
      if (node.kind !== 'map') return wrong(node, place, expected)
      const environment: [string, string][] = []
      const prefixed: [string, Json][] = []
      for (const [prefix, entry] of node.entries) {
        const inside = place.child(prefix, entry.node.at)
        if (entry.node.kind === 'scalar' && entry.node.value === null) continue
        if (prefix === 'env') environment.push(...(env.read(entry.node, inside) ?? []).flatMap(usable))
        else if (prefix.includes(':')) place.child(prefix, entry.at).error('a prefix has no ":"', { expected: 'a map of names to values' })
        else
          prefixed.push(...(others.read(entry.node, inside) ?? []).map(({ name, value }) => [`${prefix}:${name}`, value] as [string, Json]))
      }
      return { env: Object.fromEntries(environment), prefixed: Object.fromEntries(prefixed) }
    },
  }
}

/**
 * Names that steer a program (NODE_OPTIONS, LD_PRELOAD) are let through: they reach the project's own processes only, where its
 * code could do the same.
 */
function usable({ name, value, place }: Named<string>): [string, string][] {
  if (name === 'PORT' || name === 'SOCKET') {
    place.warn(`${name} is ignored: Friday sets it`)
    return []
  }
  if (/^(?:PLATFORM|FRIDAY)_/i.test(name)) {
    place.error(`${name} is reserved`, { expected: 'a name that does not begin with PLATFORM_ or FRIDAY_' })
    return []
  }
  return [[name, value]]
}
