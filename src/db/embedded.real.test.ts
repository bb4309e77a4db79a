import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#db/embedded.ts'
import { exec } from '#lib/exec.ts'
import { silentLog } from '#lib/log.ts'

const user = process.getuid?.() === 0 ? { uid: 64_781, gid: 64_781 } : {}
let top: string
let folder: string
let running: EmbeddedPostgres | undefined

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'friday-state-'))
  await exec(['chmod', '711', top])
  folder = join(top, `a folder with spaces ${'and a long name '.repeat(6).trim()}`)
})

afterEach(async () => {
  await running?.stop()
  await rm(top, { recursive: true, force: true })
})

const start = async () => (running = await startEmbeddedPostgres({ folder, log: silentLog, ...user }))

async function query(sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: running?.url.reveal() })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

const pid = async () => Number((await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0])

test('keeps its data over a restart and a crash, and is adopted while it runs', async () => {
  await start()
  await query('create table kept as select 42 as answer')
  const first = await pid()
  await start()
  expect(await pid()).toBe(first)
  await running?.stop()
  await start()
  expect(await query('select * from kept')).toEqual([{ answer: 42 }])
  process.kill(await pid(), 'SIGKILL')
  await start()
  expect(await query('select * from kept')).toEqual([{ answer: 42 }])
})

test('is small, listens on loopback only and refuses a wrong password', async () => {
  await start()
  expect(await query('show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }])
  const wrong = new Client({ connectionString: running?.url.reveal().replace(/:[^:@]+@/, ':wrong@') })
  await expect(wrong.connect()).rejects.toThrow(/password/)
})
