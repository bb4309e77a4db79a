// How changes of language runtimes are said.
import { changeOf, move, name, named, thing, type Wording } from './phrase.ts'

export const runtime: Wording = {
  noun: ['runtime', 'runtimes'],
  thing: (path) => (path[2] === 'extensions' ? 4 : 2),
  say(changes) {
    const [{ path }] = changes
    const what = `${name(path, 0)}: ${name(path, 1)}`
    if (path[2] === 'extensions') return named(`${what} extension ${name(path, 3)}`, changes[0])
    const version = changeOf(changes, 'version')
    if (version !== undefined) return `${what} ${move(version)}`
    if (changeOf(changes, 'integrity')?.kind === 'changed') return `${what} is another program under the same version`
    return thing(what, changes, 2, [])
  },
}
