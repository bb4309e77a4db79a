// The daily upkeep, on a real state database and at times of our choosing.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openDatabase } from '#db/database.ts'
import { startEmbeddedPostgres } from '#db/embedded.ts'
import { execOk } from '#lib/exec.ts'
import { silentLog } from '#lib/log.ts'
import { Undo } from '#lib/undo.ts'
import { createProjects } from './projects.ts'
import { createUpkeep } from './upkeep.ts'

const user = process.getuid?.() === 0 ? { uid: 64_782, gid: 64_782 } : {}
const HOUR_MS = 60 * 60 * 1000

test('every repository is maintained once a day, whoever looks, and one that fails does not keep the others from it', async () => {
  await using undo = new Undo()
  const folder = await mkdtemp(join(tmpdir(), 'friday-upkeep-'))
  undo.defer(() => rm(folder, { recursive: true, force: true }))
  await execOk(['chmod', '711', folder])
  const postgres = await startEmbeddedPostgres({ folder: join(folder, 'state'), log: silentLog, ...user })
  undo.defer(() => postgres.stop())
  const db = await openDatabase(postgres.url)
  undo.defer(() => db.destroy())
  const repositories = { create: async () => undefined, remove: async () => undefined }
  const projects = createProjects({ db, repositories } as never)
  const ids = [await projects.create({ name: 'one' }), await projects.create({ name: 'two' })].map(({ id }) => id)
  let now = Date.UTC(2026, 0, 1)
  const maintained: string[] = []
  const lookAnew = async () => {
    using upkeep = createUpkeep({
      db,
      projects,
      clock: { now: () => now },
      log: silentLog,
      maintain: async (id) => {
        maintained.push(id)
        if (id === ids[0]) throw new Error('broken')
      },
    })
    await upkeep.look()
  }
  await lookAnew()
  expect(maintained.toSorted()).toEqual(ids.toSorted())
  now += 23 * HOUR_MS
  await lookAnew()
  expect(maintained).toHaveLength(2)
  now += HOUR_MS
  await lookAnew()
  expect(maintained).toHaveLength(4)
})
