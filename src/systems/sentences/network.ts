// How changes of routes, locations and outbound rules are said.
import type { Change } from '#systems/change.ts'
import { shown } from '#systems/text.ts'
import { changeOf, name, thing, type Wording } from './phrase.ts'

export const network: Wording = {
  noun: ['network rule', 'network rules'],
  thing(path) {
    if (isLocation(path)) return 3
    return path[0] === 'routes' ? 2 : 1
  },
  say(changes) {
    const [{ path }] = changes
    if (isLocation(path)) return thing(`${name(path, 0)}: location ${name(path, 2)}`, changes, 3, [])
    if (path[0] === 'routes') return route(changes)
    if (path[0] === 'outbound') return `outbound rules ${changes.length > 1 ? 'changed' : changes[0].kind}`
    return thing(name(path, 0), changes, 1, [])
  },
}

function isLocation(path: readonly string[]): boolean {
  return path[1] === 'locations'
}

function route(changes: readonly [Change, ...Change[]]): string {
  const what = `route ${name(changes[0].path, 1)}`
  const target = changes.find(({ path }) => path.length === 3 && (path[2] === 'upstream' || path[2] === 'to'))
  if (target?.kind === 'changed') {
    return `${what} now ${target.path[2] === 'to' ? 'leads' : 'goes'} to ${shown(target.after)} instead of ${shown(target.before)}`
  }
  if (target?.kind === 'added' && changeOf(changes, 'type')?.kind !== 'changed') return `${what} added (to ${shown(target.after)})`
  return thing(what, changes, 2, ['type', 'upstream', 'to'])
}
