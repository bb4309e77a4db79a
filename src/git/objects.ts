// Reading objects: revisions to ids, commits to their authors, blobs in one batch.
import { fail } from './errors.ts'
import type { Git } from './git.ts'
import { isRevision, isSha, treePath } from './names.ts'

export interface Person {
  readonly name: string
  readonly email: string
}

export interface CommitInfo {
  readonly sha: string
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: Person
  readonly committer: Person
  /** When it was committed, ISO 8601 with its own offset. */
  readonly date: string
  readonly subject: string
}

export interface ObjectHeader {
  readonly sha: string
  readonly type: string
  /** Bytes. */
  readonly size: number
}

/** The commit that a revision names. A branch goes before a tag of the same name, so that a pushed tag never stands in for a branch. */
export async function resolve(git: Git, id: string, revision: string): Promise<string> {
  const names = isSha(revision) ? [revision] : [`refs/heads/${revision}`, revision]
  const headers = isRevision(revision)
    ? await headersOf(
        git,
        id,
        names.map((name) => `${name}^{commit}`),
      )
    : []
  const found = headers.find((header) => header?.type === 'commit')
  if (found !== undefined) return found.sha
  throw fail('unknown_revision', `There is no commit ${JSON.stringify(revision)} in this repository`, { repository: id, revision })
}

/** The id of the tree of a commit, or of a folder in it. */
export async function treeOf(git: Git, id: string, commit: string, path = ''): Promise<string> {
  const inside = treePath(path)
  const name = inside === '' ? `${checkedSha(id, commit)}^{tree}` : `${checkedSha(id, commit)}:${inside ?? ''}`
  const [found] = inside === undefined ? [] : await headersOf(git, id, [name])
  if (found?.type === 'tree') return found.sha
  throw fail('unknown_path', `There is no folder ${JSON.stringify(path)} in commit ${commit.slice(0, 12)}`, { repository: id, path })
}

export async function commitInfo(git: Git, id: string, sha: string): Promise<CommitInfo> {
  const format = '%H%x00%T%x00%P%x00%an%x00%ae%x00%cn%x00%ce%x00%cI%x00%s'
  const commit = await resolve(git, id, checkedSha(id, sha))
  const shown = await git.text(id, ['show', '--no-patch', '--no-show-signature', `--format=${format}`, '--end-of-options', commit])
  const [hash = '', tree = '', parents = '', an = '', ae = '', cn = '', ce = '', date = '', subject = ''] = shown
    .replace(/\n$/, '')
    .split('\0')
  return {
    sha: hash,
    tree,
    parents: parents === '' ? [] : parents.split(' '),
    author: { name: an, email: ae },
    committer: { name: cn, email: ce },
    date,
    subject,
  }
}

/** True when `ancestor` is `commit` or lies behind it: moving a ref from one to the other loses nothing. */
export async function isAncestor(git: Git, id: string, ancestor: string, commit: string): Promise<boolean> {
  const args = ['rev-list', '--max-count=1', checkedSha(id, ancestor), `^${checkedSha(id, commit)}`]
  return (await git.text(id, args)).trim() === ''
}

/** What each name is, in order; undefined where there is no such object. Names go in by stdin: none can be an option. */
export async function headersOf(git: Git, id: string, names: readonly string[]): Promise<(ObjectHeader | undefined)[]> {
  if (names.length === 0) return []
  const answer = await git.text(id, ['cat-file', '--batch-check=%(objectname) %(objecttype) %(objectsize)'], {
    input: `${names.join('\n')}\n`,
  })
  return answer
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, sha, type, size] = /^([0-9a-f]+) (commit|tree|blob|tag) (\d+)$/.exec(line) ?? []
      return sha !== undefined && type !== undefined ? { sha, type, size: Number(size) } : undefined
    })
}

/** The content of each blob, in order of `shas`, all of which must be there. */
export async function blobsOf(git: Git, id: string, shas: readonly string[]): Promise<Buffer[]> {
  if (shas.length === 0) return []
  const answer = await git.bytes(id, ['cat-file', '--batch'], { input: `${shas.join('\n')}\n` })
  let at = 0
  return shas.map((sha) => {
    const headerEnd = answer.indexOf(10, at)
    const size = /^[0-9a-f]+ blob (\d+)$/.exec(answer.toString('latin1', at, headerEnd))?.[1]
    if (headerEnd < 0 || size === undefined) throw fail('failed', `git gave no content for ${sha}`, { repository: id })
    const begin = headerEnd + 1
    at = begin + Number(size) + 1
    return answer.subarray(begin, begin + Number(size))
  })
}

export function checkedSha(id: string, sha: string): string {
  if (isSha(sha)) return sha
  throw fail('unknown_revision', `${JSON.stringify(sha)} is not a whole commit id`, { repository: id })
}
