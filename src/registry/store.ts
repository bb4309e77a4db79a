// Packages of an npm registry, each exact version unpacked once per machine: the source of every runtime and service that Friday starts.
import { createHash, randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { execOk } from '#lib/exec.ts'
import { readIfThere, writeFileAtomic } from '#lib/files.ts'
import { hostPath, type Location } from '#lib/location.ts'
import { type Log } from '#lib/log.ts'
import { systemClock, type Clock } from '#lib/clock.ts'
import { messageOf } from '#lib/errors.ts'
import { fail } from './errors.ts'
import { openToAll } from './modes.ts'
import { createRemote, type Published } from './remote.ts'
import { newestVersion } from './versions.ts'

export interface PackageStore extends AsyncDisposable {
  /** Every published version of a package with its digest, in the registry's order; at most ten minutes old, older when the registry is out of reach. */
  published(name: string): Promise<readonly Published[]>
  versions(name: string): Promise<readonly string[]>
  /** The newest version for `wanted` (`22`, `22.23`, `22.23.3`); pre-releases only when asked for. */
  resolve(name: string, wanted: string, options?: { prereleases?: boolean }): Promise<Published>
  /** Fetches, verifies and unpacks one version; the folder is world-readable. Safe to call at the same time; `finish` may complete the folder before it is seen. */
  install(name: string, version: string, integrity: string, finish?: (folder: string) => Promise<void>): Promise<Location>
  /** A folder made once from other packages. `name` must change whenever what `make` writes would. */
  derive(name: string, make: (folder: string) => Promise<void>): Promise<Location>
}

export interface StoreOptions {
  /** Belongs to the store alone. Every folder above it must let other users pass, or unprivileged processes cannot read the packages. */
  readonly folder: string
  /** Default https://registry.npmjs.org/ */
  readonly registry?: string
  readonly log: Log
  readonly clock?: Clock
}

interface Known {
  readonly fetchedAt: number
  readonly etag: string | undefined
  readonly published: readonly Published[]
}

const FRESH_MS = 10 * 60_000
/** A half-made folder older than this belongs to a process that is gone. */
const ABANDONED_MS = 60 * 60_000

export function createPackageStore({
  folder,
  registry = 'https://registry.npmjs.org/',
  log,
  clock = systemClock,
}: StoreOptions): PackageStore {
  const remote = createRemote(registry)
  const underWay = new Map<string, Promise<Location>>()
  const asking = new Map<string, Promise<readonly Published[]>>()
  let opened: Promise<void> | undefined

  async function ask(name: string): Promise<readonly Published[]> {
    const path = join(folder, '.versions', `${flatName(name)}.${digest(registry)}.json`)
    const known = parseKnown(await readIfThere(path))
    if (known !== undefined && clock.now() - known.fetchedAt < FRESH_MS) return known.published
    try {
      const answer = await remote.versions(name, known?.etag)
      const next = {
        fetchedAt: clock.now(),
        ...(answer === 'unchanged' && known !== undefined
          ? { etag: known.etag, published: known.published }
          : (answer as Exclude<typeof answer, 'unchanged'>)),
      }
      await open()
      await writeFileAtomic(path, JSON.stringify(next), 0o644)
      return next.published
    } catch (error) {
      if (known === undefined) throw error
      log.warn({ name, reason: messageOf(error) }, 'the registry is out of reach, using the versions known from before')
      return known.published
    }
  }

  async function published(name: string): Promise<readonly Published[]> {
    return await once(asking, name, () => ask(name))
  }

  function open(): Promise<void> {
    opened ??= prepareFolder(folder, clock).catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }

  async function derive(name: string, make: (folder: string) => Promise<void>): Promise<Location> {
    const target = join(folder, flatName(name))
    return await once(underWay, target, async () => {
      if (await exists(target)) return hostPath(target)
      await open()
      const temporary = join(folder, `.new-${randomBytes(6).toString('hex')}`)
      try {
        await mkdir(temporary)
        await make(temporary)
        await openToAll(temporary)
        await rename(temporary, target)
      } catch (error) {
        // Another process of this machine may have been first: the same name is the same content.
        if (!(await exists(target))) throw error
      } finally {
        await rm(temporary, { recursive: true, force: true })
      }
      return hostPath(target)
    })
  }

  return {
    published,
    versions: async (name) => (await published(name)).map(({ version }) => version),

    async resolve(name, wanted, options) {
      const all = await published(name)
      const version = newestVersion(
        all.map((one) => one.version),
        wanted,
        options,
      )
      const found = all.find((one) => one.version === version)
      if (found === undefined) throw fail('no_version', `${name} has no version ${wanted}`, { name, wanted })
      return found
    },

    install(name, version, integrity, finish) {
      return derive(`${name}@${version}-${digest(integrity)}`, async (temporary) => {
        log.info({ name, version }, 'fetching a package')
        const archive = `${temporary}.tgz`
        try {
          await remote.download(name, version, integrity, archive)
          await unpack(archive, temporary)
        } finally {
          await rm(archive, { force: true })
        }
        await finish?.(temporary)
      })
    },

    derive,
    [Symbol.asyncDispose]: () => remote.close(),
  }
}

async function unpack(archive: string, into: string): Promise<void> {
  try {
    await execOk(['tar', '-xzf', archive, '-C', into, '--strip-components=1', '--no-same-owner', '--no-same-permissions'], {
      timeoutMs: 300_000,
    })
  } catch (error) {
    throw fail('unpack', `A package could not be unpacked into ${into}: ${messageOf(error)}`, { cause: error })
  }
}

/** Makes the folder readable by everyone and removes what a killed process left half made. */
async function prepareFolder(folder: string, clock: Clock): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 })
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith('.new-')) continue
    const age = await stat(join(folder, entry)).then(
      ({ mtimeMs }) => clock.now() - mtimeMs,
      () => 0,
    )
    if (age > ABANDONED_MS) await rm(join(folder, entry), { recursive: true, force: true })
  }
}

/** Calls for the same key at the same time share one run. */
function once<T>(running: Map<string, Promise<T>>, key: string, run: () => Promise<T>): Promise<T> {
  const present = running.get(key)
  if (present !== undefined) return present
  const started = run().finally(() => running.delete(key))
  running.set(key, started)
  return started
}

function parseKnown(text: string | undefined): Known | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as Known)
  } catch {
    return undefined
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}

function flatName(name: string): string {
  return name.replaceAll('/', '+')
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}
