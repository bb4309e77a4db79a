// Talks to an npm registry: the versions of a package, and the bytes of one. Proxies are honoured as npm honours them.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { EnvHttpProxyAgent, fetch, type Response } from 'undici'
import { messageOf } from '#lib/errors.ts'
import { fail } from './errors.ts'

export interface Published {
  readonly version: string
  /** SRI form: `sha512-…`. */
  readonly integrity: string
}

export interface Remote {
  /** Every published version that carries a sha512; `unchanged` when the registry says that `etag` is still right. */
  versions(name: string, etag: string | undefined): Promise<'unchanged' | { etag: string | undefined; published: readonly Published[] }>
  /** Writes the package's tarball to `file`, which must not exist, and fails unless its bytes are those of `integrity`. */
  download(name: string, version: string, integrity: string, file: string): Promise<void>
  close(): Promise<void>
}

const TRIES = 3
const IDLE_MS = 30_000

export function createRemote(registry: string): Remote {
  const base = registry.endsWith('/') ? registry : `${registry}/`
  const agent = new EnvHttpProxyAgent({ headersTimeout: IDLE_MS, bodyTimeout: IDLE_MS, connections: 8 })

  async function get(url: string, headers: Record<string, string>, name: string): Promise<Response> {
    const response = await fetch(url, { dispatcher: agent, headers, redirect: 'follow' })
    if (response.ok || response.status === 304) return response
    await response.body?.cancel()
    if (response.status === 404) throw fail('no_package', `${base} has no package ${name} (looked at ${url})`, { name })
    throw fail('unreachable', `${base} answered ${response.status} for ${url}`, { name, httpStatus: response.status })
  }

  return {
    async versions(name, etag) {
      return await persist(base, name, async () => {
        const accept = 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8'
        const response = await get(base + escapeName(name), { accept, ...(etag === undefined ? {} : { 'if-none-match': etag }) }, name)
        if (response.status === 304) {
          await response.body?.cancel()
          return 'unchanged' as const
        }
        return { etag: response.headers.get('etag') ?? undefined, published: publishedOf(await response.json()) }
      })
    },

    async download(name, version, integrity, file) {
      const url = `${base}${escapeName(name)}/-/${name.split('/').at(-1)}-${version}.tgz`
      await persist(base, name, async () => {
        const response = await get(url, {}, name)
        const hash = createHash('sha512')
        const hashing = new Transform({
          transform(chunk: Buffer, _encoding, done) {
            hash.update(chunk)
            done(null, chunk)
          },
        })
        if (response.body === null) throw fail('unreachable', `${url} answered without a body`, { name })
        await pipeline(Readable.fromWeb(response.body), hashing, createWriteStream(file, { mode: 0o600 }))
        const found = `sha512-${hash.digest('base64')}`
        if (!integrity.split(/\s+/).includes(found)) {
          throw fail('integrity', `${name}@${version} from ${url} has ${found}, expected ${integrity}`, { name, version })
        }
      })
    },

    close: () => agent.close(),
  }
}

/** Tries again what a network may do (a reset, a 5xx); an answer that will not change is thrown at once. */
async function persist<T>(base: string, name: string, attempt: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt()
    } catch (error) {
      const code = (error as { code?: unknown }).code
      const status = (error as { details?: { httpStatus?: number } }).details?.httpStatus ?? 500
      if (code === 'registry.no_package' || code === 'registry.integrity' || status < 500) throw error
      if (tried === TRIES) {
        if (code === 'registry.unreachable') throw error
        const reason = error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error)
        throw fail('unreachable', `${base} could not be asked for ${name}: ${reason}`, { name, cause: error })
      }
      await delay(200 * tried)
    }
  }
}

function publishedOf(body: unknown): readonly Published[] {
  const versions = (body as { versions?: Record<string, { dist?: { integrity?: unknown } }> }).versions ?? {}
  return Object.entries(versions).flatMap(([version, { dist }]) => {
    const integrity = dist?.integrity
    return typeof integrity === 'string' && integrity.startsWith('sha512-') ? [{ version, integrity }] : []
  })
}

function escapeName(name: string): string {
  return name.replace('/', '%2f')
}
