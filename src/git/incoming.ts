// The refs that hold a push's objects from their receipt until its run has settled.
import { randomId } from '#lib/ids.ts'
import { fail } from './errors.ts'
import type { Git } from './git.ts'
import { headersOf } from './objects.ts'
import type { Push, RefCommand } from './push.ts'
import { updateRefs, type Ref } from './refs.ts'

const PREFIX = 'refs/friday/incoming/'

/** `<milliseconds>-<random>`: its age can be read off a ref that a crash left. */
export function newPushId(now: number): string {
  return `${now}-${randomId(16)}`
}

/** The incoming refs of pushes that began before `time`. */
export function incomingBefore(refs: readonly Ref[], time: number): string[] {
  return refs.map(({ ref }) => ref).filter((ref) => Number(/^refs\/friday\/incoming\/(\d+)-/.exec(ref)?.[1] ?? Infinity) < time)
}

/** Keeps every object of the push; fails when a branch would name something that is no commit. */
export async function holdIncoming(git: Git, push: Push): Promise<void> {
  const shas = objectsOf(push)
  const headers = await headersOf(git, push.repository, shas)
  const typeOf = new Map(shas.map((sha, index) => [sha, headers[index]?.type]))
  const wrong = push.commands.find(
    ({ ref, after }) => ref.startsWith('refs/heads/') && after !== undefined && typeOf.get(after) !== 'commit',
  )
  if (wrong !== undefined)
    throw fail('ref_refused', `${wrong.ref} has to name a commit, not a ${typeOf.get(wrong.after ?? '') ?? 'missing object'}`)
  await updateRefs(
    git,
    push.repository,
    shas.map((sha, index) => ({ ref: `${PREFIX}${push.id}/${index}`, to: sha, from: undefined })),
  )
}

export async function dropIncoming(git: Git, push: Push): Promise<void> {
  await updateRefs(
    git,
    push.repository,
    objectsOf(push).map((_, index) => ({ ref: `${PREFIX}${push.id}/${index}`, to: undefined, from: 'any' })),
  )
}

function objectsOf(push: { readonly commands: readonly RefCommand[] }): string[] {
  return [...new Set(push.commands.flatMap(({ after }) => (after === undefined ? [] : [after])))]
}
