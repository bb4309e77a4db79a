// How changes of source code are said.
import { shortId, shown } from '#systems/text.ts'
import { changeOf, move, name, thing, type Wording } from './phrase.ts'

export const code: Wording = {
  noun: ['source', 'sources'],
  thing: () => 1,
  say(changes) {
    const app = name(changes[0].path, 0)
    const commit = changeOf(changes, 'commit')
    if (commit !== undefined) return `${app}: commit ${move(commit, shortId)}`
    const tree = changeOf(changes, 'tree')
    if (tree !== undefined)
      return tree.kind === 'changed' ? `${app}: source files changed (tree ${move(tree, shortId)})` : `${app}: source files ${tree.kind}`
    const root = changeOf(changes, 'root')
    if (root !== undefined) return `${app}: source root ${move(root, shown)}`
    return thing(app, changes, 1, [])
  },
}
