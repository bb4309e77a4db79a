// How changes of where the data came from are said.
import { shown } from '#systems/text.ts'
import { changeOf, type Look, move, name, thing, type Wording } from './phrase.ts'

export const data: Wording = {
  noun: ['origin of data', 'origins of data'],
  thing: () => 1,
  say(changes, look) {
    const [{ path }] = changes
    const what = `${name(path, 0)}: data`
    const snapshot = changeOf(changes, 'snapshot')
    const lineage = changeOf(changes, 'lineage')
    if (snapshot?.kind === 'added' || snapshot?.kind === 'changed')
      return `${what} cloned from ${origin(lineage?.after, look, path)}${shown(snapshot.after)}`
    if (snapshot?.kind === 'removed') return `${what} no longer comes from a snapshot`
    if (lineage?.kind === 'changed') return `${what} now comes from ${shown(lineage.after)} instead of ${shown(lineage.before)}`
    if (lineage !== undefined) return `${what} from ${move(lineage)}`
    return thing(name(path, 0), changes, 1, [])
  },
}

function origin(changed: Parameters<typeof shown>[0], look: Look, path: readonly string[]): string {
  const lineage = changed ?? look([path[0] ?? '', 'lineage'])
  return lineage === undefined || lineage === null ? 'snapshot ' : `${shown(lineage)} at `
}
