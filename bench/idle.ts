// Friday at rest: memory of the control plane, its router and its database, and how long `friday start` takes, with 1 and 200 known environments.
import { readdir, readFile, readlink } from 'node:fs/promises'
import { Client } from 'pg'
import { waitFor } from '#lib/wait.ts'
import { startTestFriday, type TestFriday } from '../test/harness.ts'
import { notes } from '../test/projects/notes.ts'
import { round, timed } from './_measure.ts'

export async function run({ quick }: { quick: boolean }): Promise<Record<string, unknown>> {
  await using friday = await startTestFriday()
  const checkout = await friday.checkout('notes', notes)
  const push = await checkout.push('main')
  if (!push.ok) throw new Error(push.stderr)
  await friday.ask('env', 'pause', 'main', '--project', 'notes')
  const one = await measure(friday)
  await addPaused(friday, quick ? 50 : 200)
  const many = await measure(friday)
  console.log(`1 environment    ${one.megabytes} MB, start to first answer ${one.seconds} s   (${describe(one.parts)})`)
  console.log(`${quick ? 50 : 200} environments ${many.megabytes} MB, start to first answer ${many.seconds} s   (${describe(many.parts)})`)
  return {
    bench: 'idle',
    ratio: round(many.megabytes / 250),
    unit: 'x 250 MB',
    peer: { 'one environment MB': one.megabytes, 'start s': many.seconds },
    megabytes: many.megabytes,
    runs: 1,
  }
}

interface Measured {
  readonly megabytes: number
  readonly seconds: number
  readonly parts: Readonly<Record<string, number>>
}

async function measure(friday: TestFriday): Promise<Measured> {
  await friday.kill()
  const seconds = (await timed(() => friday.start())) / 1000
  await friday.ask('status')
  // Memory settles: three readings in a row within one megabyte.
  let readings: number[] = []
  let parts: Record<string, number> = {}
  await waitFor(
    async () => {
      parts = await memoryOf(friday)
      readings = [...readings.slice(-2), Object.values(parts).reduce((sum, part) => sum + part, 0)]
      return readings.length === 3 && Math.max(...readings) - Math.min(...readings) < 1
    },
    { timeoutMs: 60_000, everyMs: 2000 },
  )
  return { megabytes: Math.round(readings.at(-1) ?? 0), seconds: round(seconds), parts }
}

function describe(parts: Readonly<Record<string, number>>): string {
  return Object.entries(parts)
    .map(([name, value]) => `${name} ${Math.round(value)}`)
    .join(', ')
}

/** Proportional set size of every process of this Friday, megabytes by kind. */
async function memoryOf(friday: TestFriday): Promise<Record<string, number>> {
  const data = friday.env['FRIDAY_DATA'] ?? ''
  const parts: Record<string, number> = {}
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const text = async (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')
    const [command, environment, smaps] = await Promise.all([text('cmdline'), text('environ'), text('smaps_rollup')])
    const kind = /postgres/.test(command)
      ? 'database'
      : /router\/process/.test(command)
        ? 'router'
        : /friday\.js\0start/.test(command)
          ? 'control plane'
          : undefined
    const ours =
      command.includes(data) || environment.includes(`FRIDAY_DATA=${data}`) || (kind === 'database' && (await belongsTo(pid, data)))
    if (kind === undefined || !ours) continue
    parts[kind] = (parts[kind] ?? 0) + Number(/^Pss:\s+(\d+)/m.exec(smaps)?.[1] ?? 0) / 1000
  }
  return parts
}

/** Children of a postmaster overwrite their command line; their working folder is the data folder. */
async function belongsTo(pid: string, data: string): Promise<boolean> {
  return (await readlink(`/proc/${pid}/cwd`).catch(() => '')).startsWith(data)
}

/** Known, paused environments as rows: at rest nothing else of them exists. */
async function addPaused(friday: TestFriday, count: number): Promise<void> {
  const password = (await readFile(`${friday.env['FRIDAY_DATA']}/state/password`, 'utf8')).trim()
  const port = (await readFile(`${friday.env['FRIDAY_DATA']}/state/data/postmaster.pid`, 'utf8')).split('\n')[3]
  const client = new Client({ connectionString: `postgresql://friday:${password}@127.0.0.1:${port}/postgres` })
  await client.connect()
  await client.query(
    `insert into friday.environments (id, project_id, branch, slug, type, parent_id, status, release_id, deployment, volume, lineage)
     select 'copy' || n, project_id, 'copy-' || n, 'copy-' || n, 'development', id, 'paused', release_id, deployment, null, lineage
     from friday.environments, generate_series(1, $1) as n where branch = 'main'`,
    [count - 1],
  )
  await client.end()
}
