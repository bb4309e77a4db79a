// The packages really installed in an artifact, as node_modules holds them: npm, yarn classic and pnpm layouts.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readIfThere } from '#lib/files.ts'

export type Packages = Record<string, string>

/** Name to version; a nested copy is `a > b`; a package that pnpm keeps in several versions has them all, comma-separated. */
export async function installedPackages(directory: string): Promise<Packages> {
  const modules = join(directory, 'node_modules')
  const names = await packageNames(modules)
  const packages = (await fromNpm(modules, names)) ?? (await fromTree(modules, names))
  const tools = join(directory, '.global', 'lib', 'node_modules')
  await walk(tools, await packageNames(tools), '.global > ', packages)
  return sorted(packages)
}

interface NpmEntry {
  readonly version?: string
  readonly link?: boolean
  readonly resolved?: string
}

/**
 * npm's own record of what it installed; undefined when there is none or another tool changed node_modules since.
 * Comparing the top level is enough: every tool that installs anything adds or removes there, and npm rewrites the record.
 */
async function fromNpm(modules: string, names: readonly string[]): Promise<Packages | undefined> {
  const entries = npmEntries(await readIfThere(join(modules, '.package-lock.json')))
  if (entries === undefined) return undefined
  const packages: Packages = {}
  const recorded: string[] = []
  for (const [path, entry] of Object.entries(entries)) {
    const target = entry.link === true && entry.resolved !== undefined ? entries[entry.resolved] : undefined
    const name = nameOf(path)
    if (!name.includes(' > ') && path.startsWith('node_modules/')) recorded.push(name)
    const version = entry.version ?? target?.version
    if (path.includes('node_modules/') && version !== undefined) packages[name] = version
  }
  const same = recorded.length === names.length && recorded.toSorted().every((name, place) => name === names[place])
  return same ? packages : undefined
}

function npmEntries(text: string | undefined): Record<string, NpmEntry> | undefined {
  if (text === undefined) return undefined
  try {
    return (JSON.parse(text) as { packages?: Record<string, NpmEntry> }).packages
  } catch {
    return undefined
  }
}

/** `node_modules/a/node_modules/b` is `a > b`; a workspace's own copy is `packages/x > b`. */
function nameOf(path: string): string {
  return path.replace(/^node_modules\//, '').replaceAll('/node_modules/', ' > ')
}

async function fromTree(modules: string, names: readonly string[]): Promise<Packages> {
  const packages: Packages = {}
  await walk(modules, names, '', packages)
  await fromPnpm(join(modules, '.pnpm'), packages)
  return packages
}

async function walk(modules: string, names: readonly string[], prefix: string, packages: Packages): Promise<void> {
  await inGroups(names, async (name) => {
    const version = await versionIn(join(modules, name))
    if (version !== undefined) packages[prefix + name] = version
    const nested = join(modules, name, 'node_modules')
    const below = await packageNames(nested)
    if (below.length > 0) await walk(nested, below, `${prefix}${name} > `, packages)
  })
}

/** pnpm's store holds `<name>@<version>…/node_modules/<name>` beside links to that package's own dependencies. */
async function fromPnpm(store: string, packages: Packages): Promise<void> {
  const found = new Map<string, Set<string>>()
  await inGroups(await entryNames(store), async (folder) => {
    const modules = join(store, folder, 'node_modules')
    for (const name of await packageNames(modules, { links: false })) {
      const version = await versionIn(join(modules, name))
      if (version !== undefined) found.set(name, (found.get(name) ?? new Set()).add(version))
    }
  })
  for (const [name, versions] of found) packages[name] = [...versions].toSorted().join(', ')
}

async function versionIn(folder: string): Promise<string | undefined> {
  const text = await readIfThere(join(folder, 'package.json')).catch(() => undefined)
  if (text === undefined) return undefined
  try {
    const { version } = JSON.parse(text) as { version?: unknown }
    return typeof version === 'string' ? version : undefined
  } catch {
    return undefined
  }
}

/** The packages directly in a node_modules folder, sorted; `links: false` leaves out those that are links elsewhere. */
async function packageNames(modules: string, { links = true } = {}): Promise<readonly string[]> {
  const entries = await readdir(modules, { withFileTypes: true }).catch(() => [])
  const names: string[] = []
  for (const entry of entries) {
    if (entry.name.startsWith('.') || (!entry.isDirectory() && !(links && entry.isSymbolicLink()))) continue
    if (!entry.name.startsWith('@')) names.push(entry.name)
    else names.push(...(await packageNames(join(modules, entry.name), { links })).map((name) => `${entry.name}/${name}`))
  }
  return names.toSorted()
}

async function entryNames(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch(() => [])
}

/** Bounded, so that a tree of thousands of packages does not open thousands of files at once. */
async function inGroups(names: readonly string[], visit: (name: string) => Promise<void>): Promise<void> {
  for (let start = 0; start < names.length; start += 32) await Promise.all(names.slice(start, start + 32).map(visit))
}

function sorted(packages: Packages): Packages {
  return Object.fromEntries(Object.entries(packages).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
