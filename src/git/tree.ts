// The files of a commit as a tree that can be read without waiting: what configuration may name is loaded at once.
import { fail } from './errors.ts'
import type { Git } from './git.ts'
import { treePath } from './names.ts'
import { blobsOf, checkedSha, headersOf } from './objects.ts'

export interface TreeEntry {
  readonly name: string
  /** 'other' is a symbolic link or a submodule. */
  readonly kind: 'file' | 'directory' | 'other'
}

export interface SourceTree {
  /** The id of the git tree. */
  readonly sha: string
  /** A file's bytes; undefined when there is no such file. A file that is there but was not loaded is an error that says why. */
  read(path: string): Uint8Array | undefined
  /** What lies in a folder ('' is the root), by name; empty when there is no such folder. */
  list(directory: string): readonly TreeEntry[]
}

export interface GitEntry {
  readonly mode: string
  readonly type: string
  readonly sha: string
  /** Bytes of a blob; 0 unless asked for. */
  readonly size: number
  readonly path: string
}

const MAX_FILE = 256 * 1024
const MAX_TOTAL = 4 * 1024 * 1024
const MAX_CANDIDATES = 20_000

/** Loads what `wanted` says (by default what a project's configuration may be written in or include), to 256 KiB a file and 4 MiB in all. */
export async function readTree(
  git: Git,
  id: string,
  commit: string,
  wanted: (path: string) => boolean = mayBeConfiguration,
): Promise<SourceTree> {
  const [root, entries] = await Promise.all([headersOf(git, id, [`${checkedSha(id, commit)}^{tree}`]), listTree(git, id, commit)])
  const contents = await load(git, id, entries, wanted)
  const kinds = new Map(entries.map((entry) => [entry.path, kindOf(entry)]))
  const folders = foldersOf(entries)
  return {
    sha: root[0]?.sha ?? '',
    read(path) {
      const name = treePath(path)
      if (name === undefined || kinds.get(name) !== 'file') return undefined
      const content = contents.get(name)
      if (content !== undefined) return content
      throw fail(
        'unreadable_file',
        `${name} in commit ${commit.slice(0, 12)} is not a file that configuration is read from, or is too large for one`,
        { path: name },
      )
    },
    list: (directory) => folders.get(treePath(directory) ?? '/') ?? [],
  }
}

/** Every blob, link and submodule below a tree or commit, in git's order. */
export async function listTree(git: Git, id: string, treeish: string, { sizes = false } = {}): Promise<GitEntry[]> {
  const listed = await git.text(id, ['ls-tree', '-r', '-z', '--full-tree', ...(sizes ? ['--long'] : []), '--', checkedSha(id, treeish)])
  return listed
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const tab = line.indexOf('\t')
      const [mode = '', type = '', sha = '', size = '0'] = line.slice(0, tab).split(/ +/)
      return { mode, type, sha, size: Number(size) || 0, path: line.slice(tab + 1) }
    })
}

/** Everything the project's YAML may be written in or include, wherever it lies; not what was installed. */
export function mayBeConfiguration(path: string): boolean {
  return rankOf(path) < 2
}

async function load(git: Git, id: string, entries: readonly GitEntry[], wanted: (path: string) => boolean): Promise<Map<string, Buffer>> {
  const candidates = entries
    .filter((entry) => kindOf(entry) === 'file' && !entry.path.includes('\uFFFD') && wanted(entry.path))
    .toSorted((a, b) => rankOf(a.path) - rankOf(b.path) || a.path.split('/').length - b.path.split('/').length)
    .slice(0, MAX_CANDIDATES)
  const headers = await headersOf(
    git,
    id,
    candidates.map((entry) => entry.sha),
  )
  let total = 0
  const chosen = candidates.filter((_, index) => {
    const size = headers[index]?.size ?? Infinity
    if (size > MAX_FILE || total + size > MAX_TOTAL) return false
    total += size
    return true
  })
  const blobs = await blobsOf(
    git,
    id,
    chosen.map((entry) => entry.sha),
  )
  return new Map(chosen.map((entry, index) => [entry.path, blobs[index] ?? Buffer.alloc(0)]))
}

/** What goes first when not everything fits: 0 the configuration itself, 1 what it may include, 2 the rest. */
function rankOf(path: string): number {
  const parts = path.split('/')
  const name = parts.at(-1) ?? ''
  if (
    /^\.(?:upsun|platform)$/.test(parts[0] ?? '') ||
    name === '.platform.app.yaml' ||
    name === 'package.json' ||
    name === 'composer.json'
  ) {
    return parts.includes('node_modules') || parts.includes('vendor') ? 2 : 0
  }
  if (parts.includes('node_modules') || parts.includes('vendor')) return 2
  return /\.(?:ya?ml|json|vcl|conf|toml|txt|ini|sh)$/i.test(name) ? 1 : 2
}

function kindOf(entry: GitEntry): 'file' | 'other' {
  return entry.type === 'blob' && entry.mode.startsWith('100') ? 'file' : 'other'
}

function foldersOf(entries: readonly GitEntry[]): Map<string, TreeEntry[]> {
  const folders = new Map<string, TreeEntry[]>([['', []]])
  const folder = (path: string): TreeEntry[] => {
    const known = folders.get(path)
    if (known !== undefined) return known
    const made: TreeEntry[] = []
    folders.set(path, made)
    const slash = path.lastIndexOf('/')
    folder(path.slice(0, Math.max(slash, 0))).push({ name: path.slice(slash + 1), kind: 'directory' })
    return made
  }
  for (const entry of entries) {
    const slash = entry.path.lastIndexOf('/')
    folder(entry.path.slice(0, Math.max(slash, 0))).push({ name: entry.path.slice(slash + 1), kind: kindOf(entry) })
  }
  for (const list of folders.values()) list.sort((a, b) => (a.name < b.name ? -1 : 1))
  return folders
}
