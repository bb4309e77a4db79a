// The repository as the manifest sees it: files by path, nothing that can be followed out of it.

export interface TreeEntry {
  readonly name: string
  /** Links and submodules are `other`; they are never followed. */
  readonly kind: 'file' | 'directory' | 'other'
}

/** Paths are relative to the repository's root, '/' separated, without a leading '/'; the root is ''. */
export interface SourceTree {
  /** The bytes of a file; undefined when there is no such file. May throw for a file it does not hand out, with the reason as message. */
  read(path: string): Uint8Array | undefined
  /** What lies in a directory; empty when there is none. */
  list(directory: string): readonly TreeEntry[]
}

/** `path` seen from `directory`, without `.`, `..` and doubled slashes; undefined when it is absolute or leaves the repository. */
export function pathFrom(directory: string, path: string): string | undefined {
  if (path.startsWith('/') || path.includes('\0')) return undefined
  const parts: string[] = []
  for (const part of [...directory.split('/'), ...path.split('/')]) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return undefined
  }
  return parts.join('/')
}

/** The directory of a file; '' for one at the root. */
export function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

export function joined(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`
}

export function isFile(tree: SourceTree, path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return tree.list(directoryOf(path)).some((entry) => entry.name === name && entry.kind === 'file')
}

/** A file's bytes where it is there and the tree hands it out. */
export function readIfThere(tree: SourceTree, path: string): Uint8Array | undefined {
  try {
    return tree.read(path)
  } catch {
    return undefined
  }
}
