// How changes of services are said.
import type { Change } from '#systems/change.ts'
import { shown } from '#systems/text.ts'
import { changeOf, type Look, move, name, named, thing, type Wording } from './phrase.ts'

export const services: Wording = {
  noun: ['service setting', 'service settings'],
  thing: (path) => (PARTS.has(path[1] ?? '') ? 3 : 1),
  say(changes, look) {
    const [{ path }] = changes
    return `${name(path, 0)}: ${PARTS.has(path[1] ?? '') ? part(changes) : program(changes, look)}`
  },
}

const PARTS = new Map([
  ['endpoints', 'endpoint'],
  ['extensions', 'extension'],
  ['settings', 'setting'],
])

function part(changes: readonly [Change, ...Change[]]): string {
  const [first] = changes
  const what = `${PARTS.get(first.path[1] ?? '')} ${name(first.path, 2)}`
  return first.path.length === 3 && changes.length === 1 ? named(what, first) : thing(what, changes, 3, [])
}

function program(changes: readonly [Change, ...Change[]], look: Look): string {
  const service = changes[0].path[0] ?? ''
  const type = changeOf(changes, 'type')
  const version = changeOf(changes, 'version')
  if (type?.kind === 'changed') {
    return `${shown(type.before)} ${shown(version?.before ?? '')} → ${shown(type.after)} ${shown(version?.after ?? '')}`.replaceAll(
      " ''",
      '',
    )
  }
  if (version !== undefined) {
    const known = type?.after ?? type?.before ?? look([service, 'type'])
    return `${known === undefined ? 'version' : shown(known)} ${move(version)}`
  }
  if (type !== undefined) return move(type)
  if (changeOf(changes, 'integrity')?.kind === 'changed') return 'another program under the same version'
  return thing('service', changes, 1, [])
}
