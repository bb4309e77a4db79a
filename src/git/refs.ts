// Moving and listing refs: compare and swap, many in one transaction.
import { messageOf } from '#lib/errors.ts'
import { fail } from './errors.ts'
import type { Git } from './git.ts'
import { refFault } from './names.ts'
import { checkedSha } from './objects.ts'

export interface Ref {
  readonly ref: string
  readonly sha: string
}

export interface RefUpdate {
  readonly ref: string
  /** undefined deletes it. */
  readonly to: string | undefined
  /** Where it has to be now; undefined: it must not be there; 'any': wherever it is. */
  readonly from: string | undefined | 'any'
}

/** All of the updates or none. */
export async function updateRefs(git: Git, id: string, updates: readonly RefUpdate[]): Promise<void> {
  if (updates.length === 0) return
  const input = ['start\0', ...updates.map((update) => instruction(id, update)), 'prepare\0', 'commit\0'].join('')
  try {
    await git.bytes(id, ['update-ref', '--no-deref', '-z', '--stdin'], { input })
  } catch (cause) {
    throw refError(id, updates, cause)
  }
}

export async function listRefs(git: Git, id: string, prefix: string): Promise<Ref[]> {
  const listed = await git.text(id, ['for-each-ref', '--format=%(refname)%00%(objectname)', '--', prefix])
  return listed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [ref = '', sha = ''] = line.split('\0')
      return { ref, sha }
    })
}

function instruction(id: string, { ref, to, from }: RefUpdate): string {
  checkedRef(ref)
  if (to === undefined) return `delete ${ref}\0${from === undefined || from === 'any' ? '' : checkedSha(id, from)}\0`
  if (from === undefined) return `create ${ref}\0${checkedSha(id, to)}\0`
  return `update ${ref}\0${checkedSha(id, to)}\0${from === 'any' ? '' : checkedSha(id, from)}\0`
}

function checkedRef(ref: string): void {
  const fault = refFault(ref)
  if (fault !== undefined) throw fail('bad_ref', `${JSON.stringify(ref)} ${fault}`, { ref })
}

function refError(id: string, updates: readonly RefUpdate[], cause: unknown): Error {
  const names = updates.map((update) => update.ref).join(', ')
  const said = messageOf(cause)
  if (/is at [0-9a-f]+ but expected|already exists|unable to resolve reference|reference is missing/.test(said)) {
    return fail('ref_moved', `${names} is not where it was expected to be`, { cause, repository: id })
  }
  if (/there is a non-empty directory|exists; cannot create|non-commit object/.test(said)) {
    return fail('ref_refused', `${names} cannot be made: ${said.replace(/^.*fatal: /s, '')}`, { cause, repository: id })
  }
  return fail('failed', `${names} could not be moved: ${said}`, { cause, repository: id })
}
