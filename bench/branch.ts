// A branch of a large, busy production: from "create it" to its first answer, beside the same by hand, and beside pg_dump | psql.
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exec, execOk, spawnProgram } from '#lib/exec.ts'
import { waitFor } from '#lib/wait.ts'
import { fetchFrom, startTestFriday, type TestFriday } from '../test/harness.ts'
import { notes } from '../test/projects/notes.ts'
import { figuresOf, round, shown, timed } from './_measure.ts'
import { phasesOf } from './_phases.ts'
import { nodeFolder, postgresFile } from './_store.ts'

const BIN = '/usr/lib/postgresql/15/bin'

export async function run({ quick }: { quick: boolean }): Promise<Record<string, unknown>> {
  const scale = quick ? 10 : 100
  const rounds = quick ? 3 : 7
  await using friday = await startTestFriday()
  const main = await makeProduction(friday, scale)
  const floor: Floor[] = []
  const careless: Floor[] = []
  const branch: number[] = []
  const own: number[] = []
  const load = startLoad(main)
  try {
    for (let index = 0; index < rounds; index++) {
      // Which of them goes first changes from round to round.
      const steps = [
        async () => floor.push(await byHand(friday, main, index, [])),
        async () => branch.push(await byFriday(friday, index, own)),
        async () => careless.push(await byHand(friday, main, index, ['-c', 'fsync=off'])),
      ]
      for (const step of index % 2 === 0 ? steps : steps.toReversed()) await step()
    }
  } finally {
    load.kill('SIGTERM')
    await load
  }
  const dump = await timed(() => dumpAndLoad(main))
  const phases = await phasesOf(friday, 'environment.create')
  const ratioTo = (floors: readonly Floor[]) => figuresOf(branch.map((value, index) => value / (floors[index]?.ms ?? value)))
  const ratio = ratioTo(floor)
  console.log(`production: ${main.megabytes} MB in PostgreSQL 15, pgbench -c 2 writing meanwhile`)
  console.log(`by hand     ${shownFloor(floor)}`)
  console.log(`  no fsync  ${shownFloor(careless)}`)
  console.log(`friday      ${shown(figuresOf(branch), 'ms')}   createEnvironment to the first 200 through the router`)
  console.log(`  of it     ${phases}`)
  console.log(`ratio       ${shown(ratio, 'x')}; to no fsync ${shown(ratioTo(careless), 'x')}`)
  console.log(`dump|psql   ${Math.round(dump)} ms, once: ${round(dump / figuresOf(branch).median)} times as long as a branch`)
  console.log(`own bytes   ${shown(figuresOf(own), '% of the data, right after the first answer')}`)
  return {
    bench: 'branch',
    ratio: round(ratio.median),
    unit: 'x floor',
    peer: { 'pg_dump|psql': round(figuresOf(branch).median / dump), 'by hand, fsync=off': round(ratioTo(careless).median) },
    ownPercent: round(figuresOf(own).median),
    megabytes: main.megabytes,
    runs: rounds,
  }
}

function poolOf(friday: TestFriday): string {
  return join(friday.env['FRIDAY_DATA'] ?? '', 'volumes', 'pool')
}

/** Milliseconds. */
interface Floor {
  readonly ms: number
  readonly snapshot: number
  readonly postgres: number
  readonly node: number
}

interface Production {
  readonly env: Record<string, string>
  readonly megabytes: number
}

/** The test application on PostgreSQL 15, filled by pgbench. */
async function makeProduction(friday: TestFriday, scale: number): Promise<Production> {
  const checkout = await friday.checkout('notes', {
    ...notes,
    '.upsun/config.yaml':
      notes['.upsun/config.yaml']?.replace('postgresql:17', 'postgresql:15').replace('    hooks:\n      deploy: node migrate.js\n', '') ??
      '',
  })
  const push = await checkout.push('main')
  if (!push.ok) throw new Error(push.stderr)
  const env = JSON.parse((await friday.fetch('main', 'notes', '/env')).body) as Record<string, string>
  await execOk([`${BIN}/pgbench`, '-i', '-q', '-s', String(scale), ...target(env)], {
    env: { PGPASSWORD: env['DATABASE_PASSWORD'] ?? '' },
    timeoutMs: 900_000,
  })
  const size = await psql(env, 'select pg_database_size(current_database())')
  return { env, megabytes: Math.round(Number(size) / 1e6) }
}

function target(env: Record<string, string>): string[] {
  return [
    '-h',
    env['DATABASE_IP'] ?? '',
    '-p',
    env['DATABASE_PORT'] ?? '',
    '-U',
    env['DATABASE_USERNAME'] ?? '',
    env['DATABASE_PATH'] ?? '',
  ]
}

function psql(env: Record<string, string>, sql: string): Promise<string> {
  return execOk([`${BIN}/psql`, '-X', '-A', '-t', '-c', sql, ...target(env)], { env: { PGPASSWORD: env['DATABASE_PASSWORD'] ?? '' } })
}

function startLoad({ env }: Production) {
  return spawnProgram([`${BIN}/pgbench`, '-c', '2', '-T', '3600', '-R', '100', ...target(env)], {
    env: { PGPASSWORD: env['DATABASE_PASSWORD'] ?? '' },
  })
}

async function byFriday(friday: TestFriday, index: number, own: number[]): Promise<number> {
  const branch = `b${index}`
  const host = `${branch}.notes.localhost:${friday.router.port}`
  const { token } = await credentials(friday)
  const ms = await timed(async () => {
    const created = await fetch(`${friday.url}/api/projects/notes/environments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ branch }),
    })
    if (!created.ok) throw new Error(await created.text())
    await waitFor(async () => (await fetchFrom(friday.router, host, '/')).status === 200, { timeoutMs: 120_000, everyMs: 10 })
  })
  const { data } = await friday.ask<{ data: { ownBytes: number; sharedBytes: number } }>('env', 'show', branch, '--project', 'notes')
  own.push((100 * data.ownBytes) / (data.ownBytes + data.sharedBytes))
  await friday.ask('env', 'delete', branch, '--project', 'notes')
  return ms
}

async function credentials(friday: TestFriday): Promise<{ token: string }> {
  const kept = JSON.parse(await readFile(friday.env['FRIDAY_CONFIG'] ?? '', 'utf8')) as { url: string; tokens: Record<string, string> }
  return { token: kept.tokens[kept.url] ?? '' }
}

function shownFloor(floors: readonly Floor[]): string {
  const part = (name: keyof Floor) => Math.round(figuresOf(floors.map((one) => one[name])).median)
  const parts = `snapshot ${part('snapshot')}, postgres ${part('postgres')}, node ${part('node')}`
  return `${shown(figuresOf(floors.map(({ ms }) => ms)), 'ms')}   ${parts}`
}

/**
 * The bare floor: the same snapshot, the same postgres recovering it (as it is set up, or with `settings`), the same node, with nothing
 * around them.
 */
async function byHand(friday: TestFriday, { env }: Production, index: number, settings: readonly string[]): Promise<Floor> {
  const pool = poolOf(friday)
  const [volume] = await readdir(join(pool, 'volumes'))
  const clone = join(pool, `floor-${index}`)
  const data = join(clone, 'services', 'db', 'pgdata')
  const postgres = await postgresFile(friday, '15')
  const node = join(await nodeFolder(friday), 'node')
  const artifact = await artifactOf(friday)
  const owner = (await execOk(['stat', '-c', '%u', join(pool, 'volumes', volume ?? '', 'services', 'db')])).trim()
  const port = String(21_000 + index)
  let database: ReturnType<typeof spawnProgram> | undefined
  let app: ReturnType<typeof spawnProgram> | undefined
  const marks = [performance.now()]
  try {
    await execOk(['btrfs', '-q', 'subvolume', 'snapshot', join(pool, 'volumes', volume ?? ''), clone])
    await chmod(join(clone, 'services'), 0o711)
    await rm(join(data, 'postmaster.pid'), { force: true })
    marks.push(performance.now())
    const argv = [postgres, '-D', data, '-p', port, '-c', 'listen_addresses=127.0.0.1', ...settings] as const
    database = spawnProgram([...argv], { uid: Number(owner), gid: Number(owner) })
    const own = { ...env, DATABASE_IP: '127.0.0.1', DATABASE_HOST: '127.0.0.1', DATABASE_PORT: port, PORT: String(22_000 + index) }
    await waitFor(async () => (await exec([`${BIN}/pg_isready`, '-q', '-h', '127.0.0.1', '-p', port])).ok, {
      timeoutMs: 120_000,
      everyMs: 10,
    })
    marks.push(performance.now())
    app = spawnProgram([node, 'server.js'], { cwd: artifact, env: own })
    await waitFor(
      async () => (await fetchFrom({ host: '127.0.0.1', port: 22_000 + index }, 'x', '/').catch(() => undefined))?.status === 200,
      { timeoutMs: 60_000, everyMs: 10 },
    )
    marks.push(performance.now())
  } finally {
    app?.kill('SIGTERM')
    database?.kill('SIGINT')
    await Promise.all([app, database])
    await execOk(['btrfs', '-q', 'subvolume', 'delete', clone])
  }
  const [begun = 0, cloned = 0, recovered = 0, answered = 0] = marks
  return { ms: answered - begun, snapshot: cloned - begun, postgres: recovered - cloned, node: answered - recovered }
}

async function artifactOf(friday: TestFriday): Promise<string> {
  const folder = join(friday.env['FRIDAY_DATA'] ?? '', 'artifacts')
  const [artifact] = await readdir(folder)
  return join(folder, artifact ?? '')
}

/** What teams do today: a new server, filled through pg_dump | psql. */
async function dumpAndLoad({ env }: Production): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'friday-bench-'))
  const data = join(folder, 'data')
  const user = { uid: 65_534, gid: 65_534 }
  await execOk(['chown', '65534:65534', folder])
  await execOk([`${BIN}/initdb`, '-D', data, '-A', 'trust', '-U', 'main', '-E', 'UTF8', '--locale=C'], user)
  const server = spawnProgram(
    [`${BIN}/postgres`, '-D', data, '-p', '23000', '-c', 'listen_addresses=', '-c', `unix_socket_directories=${folder}`],
    user,
  )
  try {
    await waitFor(async () => (await exec([`${BIN}/pg_isready`, '-q', '-h', folder, '-p', '23000'])).ok, { timeoutMs: 60_000 })
    await execOk(
      ['/bin/sh', '-c', 'pg_dump -h "$SRC" -p "$SRC_PORT" -U "$SRC_USER" "$SRC_DB" | psql -q -X -h "$DST" -p 23000 -U main postgres'],
      {
        env: {
          PATH: `${BIN}:/usr/bin:/bin`,
          SRC: env['DATABASE_IP'] ?? '',
          SRC_PORT: env['DATABASE_PORT'] ?? '',
          SRC_USER: env['DATABASE_USERNAME'] ?? '',
          SRC_DB: env['DATABASE_PATH'] ?? '',
          DST: folder,
          PGPASSWORD: env['DATABASE_PASSWORD'] ?? '',
        },
        timeoutMs: 1_800_000,
      },
    )
  } finally {
    server.kill('SIGINT')
    await server
    await rm(folder, { recursive: true, force: true })
  }
}
