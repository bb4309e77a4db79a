// A PostgreSQL of the system's own packages for the volume bench, as an unprivileged user and on a socket only.
import { chown, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { exec, execOk, spawnProgram } from '#lib/exec.ts'
import { waitFor } from '#lib/wait.ts'

const ROOT = '/usr/lib/postgresql'
const CLIENTS = 4

export interface Server {
  /** Stops every process of the server where it stands, until `goOn`. */
  pause(): Promise<void>
  goOn(): Promise<void>
  /** Clean: the checkpoint is written, nothing is left to recover. */
  stop(): Promise<void>
}

export class Postgres {
  readonly #bin: string
  readonly #user: { uid: number; gid: number }
  readonly #sockets: string

  static async find(folder: string): Promise<Postgres> {
    const versions = (await readdir(ROOT).catch(() => [])).toSorted((a, b) => Number(b) - Number(a))
    for (const version of versions) {
      const bin = join(ROOT, version, 'bin')
      const there = await readdir(bin)
      if (!['initdb', 'postgres', 'pgbench', 'pg_dump', 'pg_restore'].every((name) => there.includes(name))) continue
      const uid = Number(await execOk(['id', '-u', 'postgres']))
      const gid = Number(await execOk(['id', '-g', 'postgres']))
      const sockets = join(folder, 'sockets')
      await mkdir(sockets)
      await chown(sockets, uid, gid)
      return new Postgres(bin, { uid, gid }, sockets)
    }
    throw new Error(`The volume bench needs PostgreSQL's server and pgbench under ${ROOT}/N/bin.`)
  }

  constructor(bin: string, user: { uid: number; gid: number }, sockets: string) {
    this.#bin = bin
    this.#user = user
    this.#sockets = sockets
  }

  /** A new cluster in `volume`/data with a pgbench database of this scale (about 15 MB each), stopped. */
  async init(volume: string, port: number, scale: number): Promise<void> {
    const data = join(volume, 'data')
    await mkdir(data, { mode: 0o700 })
    await chown(data, this.#user.uid, this.#user.gid)
    await this.#run('initdb', ['-D', data, '-U', 'bench', '-A', 'trust'])
    const server = await this.start(volume, port)
    await this.#client('pgbench', port, ['-q', '-i', '-s', String(scale), 'postgres'])
    await server.stop()
  }

  /** Up when it has answered a query. */
  async start(volume: string, port: number): Promise<Server> {
    const data = join(volume, 'data')
    await rm(join(data, 'postmaster.pid'), { force: true })
    const child = spawnProgram(
      [
        join(this.#bin, 'postgres'),
        '-D',
        data,
        '-k',
        this.#sockets,
        '-p',
        String(port),
        '-c',
        'listen_addresses=',
        '-c',
        'max_wal_size=1GB',
      ],
      this.#user,
    )
    const pid = child.pid
    const answered =
      pid !== undefined &&
      (await waitFor(async () => child.exitCode !== null || (await this.#answers(port)), { timeoutMs: 60_000, everyMs: 2 }))
    if (!answered || child.exitCode !== null) {
      child.kill('SIGKILL')
      throw new Error(`PostgreSQL in ${data} did not start: ${(await child).stderr.slice(-1000)}`)
    }
    return {
      pause: async () => await signalAll(pid, 'SIGSTOP'),
      goOn: async () => await signalAll(pid, 'SIGCONT'),
      async stop() {
        child.kill('SIGINT')
        await child
      },
    }
  }

  /** Transactions per second without connection times. */
  async tps(port: number, seconds: number): Promise<number> {
    const said = await this.#client('pgbench', port, ['-n', '-c', String(CLIENTS), '-j', '2', '-T', String(seconds), 'postgres'])
    return Number(/tps = ([\d.]+)/.exec(said)?.[1])
  }

  /** A light writer (100 transactions a second) until it is disposed. */
  load(port: number): AsyncDisposable {
    const child = spawnProgram(
      [
        join(this.#bin, 'pgbench'),
        '-h',
        this.#sockets,
        '-p',
        String(port),
        '-U',
        'bench',
        '-n',
        '-c',
        String(CLIENTS),
        '-R',
        '100',
        '-T',
        '600',
        'postgres',
      ],
      this.#user,
    )
    return {
      async [Symbol.asyncDispose]() {
        child.kill('SIGKILL')
        await child
      },
    }
  }

  /** What a team without copy-on-write does: dump the database and load it into another of the same server. Milliseconds. */
  async dumpAndRestore(port: number, file: string): Promise<number> {
    await this.#client('createdb', port, ['copied'])
    const begun = performance.now()
    await this.#client('pg_dump', port, ['-Fc', '-Z0', '-f', file, 'postgres'])
    await this.#client('pg_restore', port, ['-j', '2', '-d', 'copied', file])
    const took = performance.now() - begun
    // A second database would be vacuumed in the rounds that follow.
    await this.#client('dropdb', port, ['copied'])
    return took
  }

  async #answers(port: number): Promise<boolean> {
    const client = new Client({ host: this.#sockets, port, user: 'bench', database: 'postgres' })
    try {
      await client.connect()
      await client.query("select count(*) from pg_class where relname = 'pgbench_branches'")
      return true
    } catch {
      return false
    } finally {
      await client.end().catch(() => undefined)
    }
  }

  async #client(program: string, port: number, args: readonly string[]): Promise<string> {
    return await this.#run(program, ['-h', this.#sockets, '-p', String(port), '-U', 'bench', ...args])
  }

  async #run(program: string, args: readonly string[]): Promise<string> {
    return await execOk([join(this.#bin, program), ...args], { ...this.#user, cwd: this.#sockets, env: { LC_ALL: 'C' } })
  }
}

/** The postmaster first, so that it makes no child we have not seen. */
async function signalAll(pid: number, signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
  process.kill(pid, signal)
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  for (const child of children.split(' ').filter(Boolean)) await exec(['kill', '-s', signal.slice(3), child])
}
