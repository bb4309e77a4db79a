// The other ways to run Friday: without root, on a PostgreSQL of one's own; and what runs beside an application's web process.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#db/embedded.ts'
import { exec, execOk } from '#lib/exec.ts'
import { silentLog } from '#lib/log.ts'
import { waitFor } from '#lib/wait.ts'
import { startTestFriday, type TestFriday } from './harness.ts'
import { notes } from './projects/notes.ts'

/** An account that every Debian has and nothing uses: PostgreSQL wants the name of who starts it. */
const ACCOUNT = 'games'
const isRoot = process.getuid?.() === 0

describe('without root', () => {
  let friday: TestFriday

  beforeAll(async () => {
    friday = await startTestFriday({}, isRoot ? { uid: await uidOf(ACCOUNT) } : {})
  })
  afterAll(async () => {
    expect(await friday?.end()).toEqual([])
    // Nothing that this user started runs either; some machines are slow to collect what has ended.
    const left = (await exec(['ps', '-U', ACCOUNT, '-o', 'args='])).stdout
      .split('\n')
      .filter((line) => line !== '' && !line.includes('<defunct>'))
    if (isRoot) expect(left).toEqual([])
  })

  test('a branch is a clone of production, with an address and data of its own; status says what is not isolated', async () => {
    const checkout = await friday.checkout('notes', notes)
    const first = await checkout.push('main')
    expect(first.stderr).toContain('Opening environment')
    expect(first.ok).toBe(true)
    await friday.fetch('main', 'notes', '/notes', { method: 'POST', body: 'kept' })
    await friday.fetch('main', 'notes', '/file', { method: 'POST' })
    await checkout.git('checkout', '-q', '-b', 'other')
    await checkout.commit({ 'server.js': notes['server.js']?.replace('notes one', 'notes two') })
    expect(await checkout.push('other')).toMatchObject({ ok: true })
    await friday.fetch('other', 'notes', '/notes', { method: 'POST', body: 'mine' })
    const answers = await Promise.all(['main', 'other'].map(async (branch) => (await friday.fetch(branch, 'notes', '/notes')).body))
    expect(answers).toEqual(['["kept"]', '["kept","mine"]'])
    expect((await friday.fetch('other', 'notes', '/')).body).toBe('notes two')
    expect((await friday.fetch('other', 'notes', '/file')).body).toBe('x')
    const status = await friday.ask<{ engine: { name: string; limits: string[] } }>('status')
    expect(status.engine.name).toBe('process')
    expect(status.engine.limits.join(' ')).toContain('same user')
  })

  test('applications outlive the control plane and are taken over', async () => {
    const { PLATFORM_BRANCH } = JSON.parse((await friday.fetch('main', 'notes', '/env')).body) as Record<string, string>
    expect(PLATFORM_BRANCH).toBe('main')
    await friday.kill()
    expect((await friday.fetch('main', 'notes', '/notes')).body).toBe('["kept"]')
    await friday.start()
    expect(await friday.ask('env', 'delete', 'other', '--project', 'notes')).toMatchObject({ result: 'success' })
    expect((await friday.fetch('main', 'notes', '/notes')).body).toBe('["kept"]')
  })
})

describe('with a state database of its own, and with workers and crons', () => {
  let folder: string
  let database: EmbeddedPostgres
  let friday: TestFriday

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'friday-database-'))
    await exec(['chmod', '711', folder])
    const uid = isRoot ? await uidOf(ACCOUNT) : undefined
    database = await startEmbeddedPostgres({
      folder: join(folder, 'state'),
      log: silentLog,
      ...(uid === undefined ? {} : { uid, gid: uid }),
    })
    friday = await startTestFriday({ DATABASE_URL: database.url.reveal() })
  })
  afterAll(async () => {
    expect(await friday?.end()).toEqual([])
    await database?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('a second control plane on the same database is refused, and the first goes on', async () => {
    const second = { ...friday.env, FRIDAY_DATA: join(folder, 'second'), FRIDAY_PORT: '0', FRIDAY_ROUTER_PORT: '0' }
    const refused = await exec([process.execPath, join(import.meta.dirname, '..', 'bin', 'friday.js'), 'start'], {
      env: second,
      timeoutMs: 60_000,
    })
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toMatch(/another control plane/i)
    expect(await friday.ask('project', 'list')).toEqual([])
  })

  test('workers and crons run beside the application, once each; a new release replaces the worker', async () => {
    const config = notes['.upsun/config.yaml']?.replace(
      '    mounts:\n',
      `    workers:
      counter:
        commands: { start: "node worker.js one" }
    crons:
      minutely: { spec: "* * * * *", commands: { start: "node worker.js cron once" } }
    mounts:
`,
    )
    const worker = `import { pool } from './database.js'
const [, , name, once] = process.argv
do {
  await pool.query('insert into notes (text) values ($1)', [name])
  if (once) break
  await new Promise((resolve) => setTimeout(resolve, 50))
} while (true)
await pool.end()
`
    const checkout = await friday.checkout('notes', { ...notes, '.upsun/config.yaml': config ?? '', 'worker.js': worker })
    expect(await checkout.push('main')).toMatchObject({ ok: true })
    const kept = async () => JSON.parse((await friday.fetch('main', 'notes', '/notes')).body) as string[]
    expect(await waitFor(async () => (await kept()).includes('one'), { timeoutMs: 20_000 })).toBe(true)
    await checkout.commit({ '.upsun/config.yaml': config?.replace('worker.js one', 'worker.js two') })
    expect(await checkout.push('main')).toMatchObject({ ok: true })
    expect(await waitFor(async () => (await kept()).includes('two'), { timeoutMs: 20_000 })).toBe(true)
    const ones = (await kept()).filter((note) => note === 'one').length
    // Due at the next full minute, and looked for every ten seconds.
    expect(await waitFor(async () => (await kept()).includes('cron'), { timeoutMs: 100_000, everyMs: 200 })).toBe(true)
    expect((await kept()).filter((note) => note === 'one').length).toBe(ones)
    expect((await kept()).filter((note) => note === 'cron').length).toBe(1)
  })
})

async function uidOf(account: string): Promise<number> {
  return Number(await execOk(['id', '-u', account]))
}
