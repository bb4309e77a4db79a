// A folder as the manifest reads repositories: its files by path, links not followed, nothing above it reachable.
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { resolveUnder } from '#lib/files.ts'
import type { SourceTree } from '#manifest/source/tree.ts'

const SKIPPED = new Set(['.git', 'node_modules'])

export function folderTree(folder: string): SourceTree {
  return {
    read(path) {
      const target = resolveUnder(folder, path)
      const present = target !== undefined && throughNoLink(folder, path) && lstatSync(target, { throwIfNoEntry: false })?.isFile()
      return present === true ? readFileSync(target) : undefined
    },
    list(directory) {
      const target = resolveUnder(folder, directory === '' ? '.' : directory)
      if (target === undefined || !throughNoLink(folder, directory) || lstatSync(target, { throwIfNoEntry: false })?.isDirectory() !== true)
        return []
      return readdirSync(target, { withFileTypes: true })
        .filter((entry) => !SKIPPED.has(entry.name))
        .map((entry) => ({
          name: entry.name,
          kind: entry.isFile() ? ('file' as const) : entry.isDirectory() ? ('directory' as const) : ('other' as const),
        }))
    },
  }
}

function throughNoLink(folder: string, path: string): boolean {
  let current = folder
  for (const part of path.split('/').slice(0, -1)) {
    current = join(current, part)
    if (lstatSync(current, { throwIfNoEntry: false })?.isSymbolicLink() === true) return false
  }
  return true
}
