// The one place where changes become sentences for people: plan, drift, timeline, push output and `why` all speak through it.
import type { Change } from '#systems/change.ts'
import { compareChanges } from '#systems/change.ts'
import type { LayerName } from '#systems/layers.ts'
import { leafAt, type System } from '#systems/system.ts'
import { code } from './code.ts'
import { config } from './config.ts'
import { data } from './data.ts'
import { network } from './network.ts'
import { packages } from './packages.ts'
import { name, type Look, type Wording } from './phrase.ts'
import { runtime } from './runtime.ts'
import { schema } from './schema.ts'
import { services } from './services.ts'

const WORDINGS: Readonly<Record<LayerName, Wording>> = { code, runtime, packages, config, network, services, schema, data }

/** More sentences than this about one application or service in one layer are told as counts. */
const MAX_SENTENCES = 12

/**
 * One change as a sentence: `web: nodejs 22.20.0 → 22.23.3`. Safe to print: no secret, no control character, no variable's value.
 * With `system` (the one after or before the change) it can name what the change itself does not carry, such as a service's type.
 */
export function sentence(change: Change, system?: System): string {
  return say([change], system)
}

export interface Summary {
  readonly layer: LayerName
  readonly text: string
  /** What the sentence stands for; never empty. */
  readonly changes: readonly Change[]
}

/** All changes in as few sentences as a person needs, in layer order: one per thing that changed, counts where there are very many. */
export function summarise(changes: readonly Change[], system?: System): Summary[] {
  const things = groupBy(changes.toSorted(compareChanges), ({ layer, path }) => [layer, ...path.slice(0, WORDINGS[layer].thing(path))])
  const owners = groupBy(things, ([{ layer, path }]) => [layer, path[0]])
  return owners.flatMap((owned) =>
    owned.length > MAX_SENTENCES
      ? [counted(owned)]
      : owned.map((changes) => ({ layer: changes[0].layer, text: say(changes, system), changes })),
  )
}

type Group = readonly [Change, ...Change[]]

function say(changes: Group, system: System | undefined): string {
  const [{ layer }] = changes
  const look: Look = (path) => (system === undefined ? undefined : leafAt(system, layer, path))
  return WORDINGS[layer].say(changes, look)
}

function counted(things: readonly [Group, ...Group[]]): Summary {
  const [{ layer, path }] = things[0]
  const kinds = things.map(([first, ...others]) => (others.every(({ kind }) => kind === first.kind) ? first.kind : 'changed'))
  const counts = (['added', 'removed', 'changed'] as const).flatMap((kind) => {
    const count = kinds.filter((other) => other === kind).length
    return count === 0 ? [] : [`${count} ${WORDINGS[layer].noun[count === 1 ? 0 : 1]} ${kind}`]
  })
  return { layer, text: `${name(path, 0)}: ${counts.join(', ')}`, changes: things.flat() }
}

/** Groups in order of their first item. */
function groupBy<T>(items: readonly T[], key: (item: T) => unknown): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>()
  for (const item of items) {
    const text = JSON.stringify(key(item))
    const group = groups.get(text)
    if (group === undefined) groups.set(text, [item])
    else group.push(item)
  }
  return [...groups.values()]
}
