// A repository and a Friday for the manifest's tests.
import type { SourceTree, TreeEntry } from './source/tree.ts'
import type { Support } from './support.ts'

/** Files by path; directories follow from them. `undefined` is a link. */
export function treeOf(files: Readonly<Record<string, string | Uint8Array | undefined>>): SourceTree {
  const folders = new Map<string, Map<string, TreeEntry['kind']>>([['', new Map()]])
  for (const [path, content] of Object.entries(files)) {
    const parts = path.split('/')
    for (const [index, name] of parts.entries()) {
      const folder = parts.slice(0, index).join('/')
      const kind = index < parts.length - 1 ? 'directory' : content === undefined ? 'other' : 'file'
      folders.set(folder, (folders.get(folder) ?? new Map()).set(name, kind))
    }
  }
  return {
    read(path) {
      const content = Object.hasOwn(files, path) ? files[path] : undefined
      return typeof content === 'string' ? new TextEncoder().encode(content) : content
    },
    list: (directory) => [...(folders.get(directory) ?? [])].map(([name, kind]) => ({ name, kind })),
  }
}

/** Runs Node.js and PostgreSQL, the latter with `databases` and `endpoints` as settings. */
export const SUPPORT: Support = {
  runtimes: { nodejs: ['26', '24', '22', '20'] },
  services: {
    postgresql: {
      versions: ['18', '17', '16'],
      defaultEndpoint: 'postgresql',
      endpoints: ({ endpoints }) => (typeof endpoints === 'object' && endpoints !== null ? Object.keys(endpoints) : ['postgresql']),
      check: (configuration) =>
        Array.isArray(configuration['databases'])
          ? configuration['databases'].flatMap((name: unknown, index) =>
              typeof name === 'string' ? [] : [{ path: `databases[${index}]`, message: 'this is no database name', expected: 'a text' }],
            )
          : [],
    },
  },
}
