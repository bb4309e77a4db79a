// `stack`: the composable image, in its flat and its structured form.
import { quote } from '#manifest/problems.ts'
import type { Place } from '#manifest/schema/place.ts'
import { wrong, type Shape } from '#manifest/schema/shape.ts'
import type { Node } from '#manifest/source/nodes.ts'
import { KNOWN_RUNTIMES } from './known.ts'

export interface Stack {
  readonly runtimes: readonly { readonly name: string; readonly version: string; readonly configured: boolean; readonly place: Place }[]
  readonly packages: readonly { readonly name: string; readonly place: Place }[]
}

const EXPECTED = 'a list like ["nodejs@22"], or {runtimes: […], packages: […]}'

export function stack(): Shape<Stack> {
  return {
    expected: EXPECTED,
    read(node, place) {
      if (node.kind === 'list') return readItems(node.items, place)
      if (node.kind !== 'map') return wrong(node, place, EXPECTED)
      for (const [key, entry] of node.entries) {
        if (key !== 'runtimes' && key !== 'packages') {
          place.child(key, entry.at).error(`${quote(key)} is not a key of stack`, { expected: 'runtimes, packages' })
        }
      }
      const part = (key: string) => {
        const entry = node.entries.get(key)?.node
        if (entry === undefined || (entry.kind === 'scalar' && entry.value === null)) return []
        if (entry.kind === 'list') return entry.items
        wrong(entry, place.child(key, entry.at), 'a list')
        return []
      }
      const { runtimes } = readItems(part('runtimes'), place.child('runtimes'), true)
      const { packages, runtimes: pinned } = readItems(part('packages'), place.child('packages'))
      return { runtimes, packages: [...packages, ...pinned] }
    },
  }
}

/** `name@version` is a runtime, anything else a package, unless all are `runtimes`. */
function readItems(items: readonly Node[], place: Place, runtimesOnly = false): Stack {
  const runtimes: Stack['runtimes'][number][] = []
  const packages: Stack['packages'][number][] = []
  for (const [index, item] of items.entries()) {
    const at = place.item(index, item.at)
    const [key, configured] =
      item.kind === 'map' ? [[...item.entries.keys()][0] ?? '', true] : [item.kind === 'scalar' ? item.text : '', false]
    const [name = '', version, ...rest] = key.split('@')
    if (name === '' || rest.length > 0) wrong(item, at, 'a name like "nodejs@22"')
    else if (version !== undefined || runtimesOnly || KNOWN_RUNTIMES.includes(name))
      runtimes.push({ name, version: version ?? '', configured, place: at })
    else packages.push({ name, place: at })
  }
  return { runtimes, packages }
}
