// The bare repositories of all projects: made, read, moved and removed through system git.
import { randomBytes } from 'node:crypto'
import { access, mkdir, rename, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Log } from '#lib/log.ts'
import { writeFileAtomic } from '#lib/files.ts'
import { fail } from './errors.ts'
import { exportTree, type ExportOptions } from './export.ts'
import { createGit, type Git } from './git.ts'
import { openHome, type HomeOptions } from './home.ts'
import { incomingBefore } from './incoming.ts'
import { commitInfo, isAncestor, resolve, treeOf, type CommitInfo } from './objects.ts'
import { refFault } from './names.ts'
import { listRefs, updateRefs, type Ref, type RefUpdate } from './refs.ts'
import { readTree, type SourceTree } from './tree.ts'

export interface Repositories {
  /** Makes the repository or renews its config; its HEAD names `defaultBranch` (default main; kept when there and not given). */
  create(id: string, options?: { defaultBranch?: string }): Promise<void>
  has(id: string): Promise<boolean>
  /** Removes it and all it holds; one that is not there is fine. */
  remove(id: string): Promise<void>
  /** The commit a branch, tag, (short) id or `name~2` names. */
  resolve(id: string, revision: string): Promise<string>
  isAncestor(id: string, ancestor: string, commit: string): Promise<boolean>
  treeOf(id: string, commit: string, path?: string): Promise<string>
  readTree(id: string, commit: string, wanted?: (path: string) => boolean): Promise<SourceTree>
  exportTree(id: string, treeish: string, directory: string, options?: ExportOptions): Promise<void>
  commitInfo(id: string, sha: string): Promise<CommitInfo>
  /** Compare and swap: `from` is where the ref has to be now, undefined means that it must not be there yet. */
  updateRef(id: string, ref: string, to: string, from: string | undefined): Promise<void>
  /** All or none; for an atomic push. */
  updateRefs(id: string, updates: readonly RefUpdate[]): Promise<void>
  /** Fails when `from` is given and the ref is elsewhere; one that is not there is fine otherwise. */
  deleteRef(id: string, ref: string, from?: string): Promise<void>
  /** By short name: main, feature/x. */
  listBranches(id: string): Promise<{ name: string; sha: string }[]>
  listRefs(id: string, prefix: string): Promise<Ref[]>
  /** Keeps an object alive under refs/friday/<name>, which no client sees or moves. */
  keep(id: string, name: string, sha: string): Promise<void>
  unkeep(id: string, name: string): Promise<void>
  /** Packs, and drops what nothing has named for two weeks: old incoming refs, unreachable objects, what crashes left. Call it daily. */
  maintain(id: string): Promise<void>
}

export interface RepositoriesOptions {
  /** Holds `<id>.git` and the machine's own `.friday`. */
  readonly folder: string
  readonly log: Log
  /** Bytes that one push may send; default 2 GiB. */
  readonly maxInputSize?: number
  /** The built hook program; default dist/git/proc-receive.js of this package. */
  readonly hookEntry?: string
}

/** What the HTTP side needs besides. */
export interface OpenRepositories extends Repositories {
  readonly git: Git
  readonly maxInputSize: number
}

const MAX_INPUT = 2 * 1024 ** 3
const TWO_WEEKS = 14 * 24 * 3600 * 1000

export async function createRepositories(options: RepositoriesOptions): Promise<OpenRepositories> {
  const maxInputSize = options.maxInputSize ?? MAX_INPUT
  const home: HomeOptions = { folder: options.folder, maxInputSize, hookEntry: options.hookEntry }
  const git = createGit(await openHome(home))
  const deleteRef: Repositories['deleteRef'] = async (id, ref, from) => {
    if (from === undefined && (await listRefs(git, id, ref)).every((known) => known.ref !== ref)) return
    await updateRefs(git, id, [{ ref, to: undefined, from: from ?? 'any' }])
  }
  return {
    git,
    maxInputSize,
    create: (id, { defaultBranch } = {}) => create(git, id, defaultBranch),
    has: (id) => exists(git.pathOf(id)),
    remove: (id) => remove(git, id),
    resolve: (id, revision) => resolve(git, id, revision),
    isAncestor: (id, ancestor, commit) => isAncestor(git, id, ancestor, commit),
    treeOf: (id, commit, path) => treeOf(git, id, commit, path),
    readTree: (id, commit, wanted) => readTree(git, id, commit, wanted),
    exportTree: (id, treeish, directory, exporting) => exportTree(git, id, treeish, directory, exporting),
    commitInfo: (id, sha) => commitInfo(git, id, sha),
    updateRef: (id, ref, to, from) => updateRefs(git, id, [{ ref, to, from }]),
    updateRefs: (id, updates) => updateRefs(git, id, updates),
    deleteRef,
    listBranches: async (id) =>
      (await listRefs(git, id, 'refs/heads')).map(({ ref, sha }) => ({ name: ref.slice('refs/heads/'.length), sha })),
    listRefs: (id, prefix) => listRefs(git, id, prefix),
    keep: (id, name, sha) => updateRefs(git, id, [{ ref: `refs/friday/${name}`, to: sha, from: 'any' }]),
    unkeep: (id, name) => deleteRef(id, `refs/friday/${name}`),
    maintain: (id) => maintain(git, id, options.log),
  }
}

async function create(git: Git, id: string, defaultBranch: string | undefined): Promise<void> {
  const path = git.pathOf(id)
  const head = `refs/heads/${defaultBranch ?? 'main'}`
  const fault = refFault(head)
  if (fault !== undefined) throw fail('bad_ref', `The default branch ${JSON.stringify(defaultBranch)} ${fault}`)
  const fresh = !(await exists(join(path, 'HEAD')))
  if (fresh) {
    await mkdir(path, { recursive: true, mode: 0o700 })
    await git.bytes(id, ['init', '--bare', '--quiet', '--template='])
  }
  // Written whole, so that a config which somebody edited, or an older Friday wrote, is what this one expects.
  const policy = relative(path, git.home.policy)
  await writeFileAtomic(
    join(path, 'config'),
    `[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n[include]\n\tpath = ${policy}\n`,
  )
  await writeFileAtomic(join(path, 'info', 'attributes'), PLAIN_ATTRIBUTES)
  if (fresh || defaultBranch !== undefined) await git.bytes(id, ['symbolic-ref', 'HEAD', head])
}

/** Goes before every .gitattributes in the tree: what is written out is what was pushed. */
const PLAIN_ATTRIBUTES = '* -text -eol -crlf -ident -filter -working-tree-encoding -export-ignore -export-subst\n'

async function remove(git: Git, id: string): Promise<void> {
  const path = git.pathOf(id)
  if (!(await exists(path))) return
  const gone = join(git.home.trash, `${id}-${randomBytes(6).toString('hex')}`)
  await rename(path, gone)
  await rm(gone, { recursive: true, force: true })
}

async function maintain(git: Git, id: string, log: Log): Promise<void> {
  const old = incomingBefore(await listRefs(git, id, 'refs/friday/incoming'), Date.now() - TWO_WEEKS)
  await updateRefs(
    git,
    id,
    old.map((ref) => ({ ref, to: undefined, from: 'any' })),
  )
  await git.bytes(id, ['gc', '--quiet', '--prune=2.weeks.ago'])
  log.debug({ repository: id, droppedRefs: old.length }, 'maintained a repository')
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
