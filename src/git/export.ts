// Writing a tree into a folder, byte by byte as it was pushed.
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execOk } from '#lib/exec.ts'
import { fail } from './errors.ts'
import type { Git } from './git.ts'
import { checkedSha } from './objects.ts'
import { listTree, type GitEntry } from './tree.ts'

export interface ExportOptions {
  /** Owner of everything written; default: who runs Friday. */
  readonly uid?: number
  readonly gid?: number
  /** Bytes the files may have together; default 8 GiB. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
}

const MAX_BYTES = 8 * 1024 ** 3

/**
 * Writes the tree (a commit's or a folder's id) into `directory`, which is made if missing and must be empty.
 * Executable bits and links are kept, attributes (export-ignore, line ends, filters) are not applied. Git refuses
 * to write through a link, and a pushed tree with `..` or `.git` in it was refused when it was received.
 */
export async function exportTree(git: Git, id: string, treeish: string, directory: string, options: ExportOptions = {}): Promise<void> {
  const tree = checkedSha(id, treeish)
  checkExportable(id, await listTree(git, id, tree, { sizes: true }), options.maxBytes ?? MAX_BYTES)
  await mkdir(directory, { recursive: true, mode: 0o755 })
  if ((await readdir(directory)).length > 0) throw fail('failed', `The folder for the code is not empty: ${directory}`, { directory })
  const index = join(git.pathOf(id), `export-${randomBytes(8).toString('hex')}.index`)
  const run = { env: { GIT_INDEX_FILE: index, GIT_WORK_TREE: directory }, signal: options.signal }
  try {
    await git.bytes(id, ['read-tree', '--no-sparse-checkout', tree], run)
    await git.bytes(id, ['-c', 'core.symlinks=true', '-c', 'core.fileMode=true', 'checkout-index', '--all', '--quiet'], run)
    // The umask of whoever started Friday is not the app's: everyone may read, the owner may write.
    await execOk(['chmod', '-R', 'u+rwX,go+rX,go-w', '--', directory], { signal: options.signal })
    if (options.uid !== undefined) {
      await execOk(['chown', '-R', '-h', '-P', `${options.uid}:${options.gid ?? options.uid}`, '--', directory], { signal: options.signal })
    }
  } finally {
    await rm(index, { force: true })
    await rm(`${index}.lock`, { force: true })
  }
}

function checkExportable(id: string, entries: readonly GitEntry[], maxBytes: number): void {
  const submodules = entries.filter((entry) => entry.type === 'commit').map((entry) => entry.path)
  if (submodules.length > 0) {
    const named = submodules.slice(0, 10).join(', ')
    throw fail('submodules', `The code has ${submodules.length === 1 ? 'a submodule' : `${submodules.length} submodules`}: ${named}`, {
      repository: id,
      submodules,
    })
  }
  const total = entries.reduce((sum, entry) => sum + entry.size, 0)
  if (total > maxBytes) {
    const largest = entries.toSorted((a, b) => b.size - a.size)[0]
    throw fail(
      'too_large',
      `The code is ${megabytes(total)}, more than the ${megabytes(maxBytes)} allowed; its largest file is ${largest?.path} (${megabytes(largest?.size ?? 0)})`,
      {
        repository: id,
      },
    )
  }
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MiB`
}
