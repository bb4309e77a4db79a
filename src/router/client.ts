// The control plane's end of the router: finds the running process or starts one, and speaks to it over its control socket.
import { chmod, mkdir, open, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Pool } from 'undici'
import { FridayError, messageOf } from '#lib/errors.ts'
import { spawnBare } from '#lib/exec.ts'
import { waitFor } from '#lib/wait.ts'
import type { Router, Site, SiteMetrics, Upstream } from './router.ts'
import { fail } from './errors.ts'
import type { HoldOptions } from './hold.ts'
import { FILES, settingsText, writeSettings, type RouterSettings } from './settings.ts'

export interface RouterOptions {
  /** The router's own folder, made when it is not there; absolute. */
  readonly folder: string
  /** Port 0 lets the system choose one. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Unprivileged user the process becomes once it listens (root only). It must be able to read the folders that files are served from. */
  readonly uid?: number
  readonly gid?: number
  /** Log file, appended to. */
  readonly log: string
  /** The process's script; the one of this package by default. */
  readonly entry?: string
  /** Friday's version: a running router of another one is replaced. */
  readonly version?: string
  /** Addresses and CIDR ranges whose forwarded headers are believed. */
  readonly trustedProxies?: readonly string[]
  /** Lets proxy routes lead to private addresses. */
  readonly privateProxies?: boolean
  /** How long requests in flight get when the router ends; default 10 000. */
  readonly drainMs?: number
}

interface Info {
  readonly pid: number
  readonly settings: RouterSettings
  readonly address: { readonly host: string; readonly port: number }
}

/** Connects to the router of this folder, starting or replacing it when none runs with these settings. Resolves when it serves. */
export async function startRouter(options: RouterOptions): Promise<Router> {
  const settings = settingsOf(options)
  await mkdir(options.folder, { recursive: true, mode: 0o700 })
  await chmod(options.folder, 0o700)
  const router = new RouterClient(options.folder)
  const running = await router.info().catch(() => undefined)
  if (running !== undefined && settingsText(running.settings) === settingsText(settings)) return router
  if (running !== undefined) await router.end()
  try {
    await launch(options, settings)
  } catch (error) {
    // Another control plane may have been faster.
    const other = await router.info().catch(() => undefined)
    if (other === undefined || settingsText(other.settings) !== settingsText(settings)) {
      await router[Symbol.asyncDispose]()
      throw error
    }
  }
  return router
}

class RouterClient implements Router {
  readonly #folder: string
  #pool: Pool

  constructor(folder: string) {
    this.#folder = folder
    this.#pool = connectTo(folder)
  }

  async info(): Promise<Info> {
    return this.#ask<Info>('GET', '/info')
  }

  async apply(site: Site): Promise<void> {
    await this.#ask('POST', '/apply', { site })
  }

  async remove(id: string): Promise<void> {
    await this.#ask('POST', '/remove', { id })
  }

  async sites(): Promise<readonly Site[]> {
    return this.#ask<readonly Site[]>('GET', '/sites')
  }

  async drained(upstream: Upstream, timeoutMs: number): Promise<boolean> {
    return (await this.#ask<{ drained: boolean }>('POST', '/drained', { upstream, timeoutMs })).drained
  }

  async hold(id: string, options: HoldOptions): Promise<void> {
    await this.#ask('POST', '/hold', { id, options })
  }

  async release(id: string): Promise<void> {
    await this.#ask('POST', '/release', { id })
  }

  async metrics(id: string): Promise<SiteMetrics> {
    return this.#ask<SiteMetrics>('POST', '/metrics', { id })
  }

  async address(): Promise<{ host: string; port: number }> {
    return (await this.info()).address
  }

  async shutdown(): Promise<void> {
    await this.end()
    await this[Symbol.asyncDispose]()
  }

  /** Ends the process and waits until it is gone; the client can go on with the next one. */
  async end(): Promise<void> {
    const { settings, pid } = await this.info()
    await this.#ask('POST', '/shutdown', {})
    const timeoutMs = settings.drainMs + 10_000
    const gone = await waitFor(
      async () =>
        this.info()
          .then(() => false)
          .catch(() => true),
      { timeoutMs },
    )
    if (gone !== true) throw fail('unreachable', `The router of ${this.#folder} did not end within ${timeoutMs} ms`)
    // It has let go of its address and files; a little later it is gone too.
    await waitFor(() => !isAlive(pid), { timeoutMs: 2000 })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy()
  }

  async #ask<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
    const answer = await this.#pool
      .request({ method, path, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
      .then(async (response) => ({ status: response.statusCode, json: await response.body.json() }))
      .catch((cause: unknown) => {
        throw fail('unreachable', `The router of ${this.#folder} did not answer ${path}: ${messageOf(cause)}`, { cause })
      })
    if (answer.status === 200) return answer.json as T // The router answers in the shape that `perform` returns.
    throw errorOf(answer.json)
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function connectTo(folder: string): Pool {
  return new Pool('http://router.invalid', {
    socketPath: join(folder, FILES.socket),
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 1,
  })
}

function errorOf(answer: unknown): FridayError {
  const { code, status, advice, message, details } = answer as {
    code: string
    status: number
    advice: string
    message: string
    details: Record<string, unknown>
  }
  return new FridayError(code, message, { status, advice }, details)
}

function settingsOf(options: RouterOptions): RouterSettings {
  const { listen, uid, gid, trustedProxies = [], privateProxies = false, drainMs = 10_000, version = '' } = options
  return { listen, uid, gid, trustedProxies, privateProxies, drainMs, version }
}

async function launch({ folder, log, entry = packagedEntry() }: RouterOptions, settings: RouterSettings): Promise<void> {
  await writeSettings(folder, settings)
  await mkdir(dirname(log), { recursive: true })
  const file = await open(log, 'a', 0o600)
  try {
    const child = await spawnBare([process.execPath, entry, folder], {
      cwd: '/',
      stdio: ['ignore', file.fd, file.fd, 'pipe'],
      detached: true,
    })
    child.unref()
    // A pipe that we only read.
    const said = await text(child.stdio[3] as Readable)
    if (said === 'ready') return
    const { host, port } = settings.listen
    const reason = said === '' ? ((await readFile(log, 'utf8')).trim().split('\n').at(-1) ?? 'it ended without a word') : said
    throw fail('not_started', `The router did not start on ${host}:${port}: ${reason}`, { log })
  } finally {
    await file.close()
  }
}

// From the source tree as from the built package: the process always runs the built script.
function packagedEntry(): string {
  return fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../dist/router/process.js' : './process.js', import.meta.url))
}
