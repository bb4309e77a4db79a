import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createActivityLogs } from '#activities/log.ts'
import { claimDatabase } from '#db/claim.ts'
import { openDatabase, type Database } from '#db/database.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#db/embedded.ts'
import { execOk } from '#lib/exec.ts'
import { silentLog } from '#lib/log.ts'
import { Undo } from '#lib/undo.ts'
import { createWorkflows, type Workflows } from '#workflow/workflows.ts'
import { createActivities, type Activities, type NewActivity } from './activities.ts'

const user = process.getuid?.() === 0 ? { uid: 64_782, gid: 64_782 } : {}
const undo = new Undo()
let postgres: EmbeddedPostgres
let db: Database
let workflows: Workflows
let activities: Activities
/** What ran, in order: "begin <environment>" and "end <environment>". */
const ran: string[] = []
const gates = new Map<string, Promise<void>>()

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'friday-activities-'))
  undo.defer(() => rm(folder, { recursive: true, force: true }))
  await execOk(['chmod', '711', folder])
  postgres = await startEmbeddedPostgres({ folder: join(folder, 'state'), log: silentLog, ...user })
  undo.defer(() => postgres.stop())
  db = await openDatabase(postgres.url)
  undo.defer(() => db.destroy())
  for (const name of ['one', 'two'])
    await db.insertInto('projects').values({ id: name, name, title: name, default_branch: 'main', entropy: '' }).execute()
  workflows = createWorkflows({ url: postgres.url, executor: 'test', log: silentLog })
  undo.defer(() => workflows.shutdown())
  activities = createActivities({ db, workflows, logs: createActivityLogs(db), log: silentLog, concurrency: 2 })
  activities.handle('environment.push', async ({ activity, phase }) => {
    await phase('work', async () => {
      ran.push(`begin ${activity.environment_id}`)
      await gates.get(activity.environment_id ?? '')
      ran.push(`end ${activity.environment_id}`)
    })
  })
  await workflows.launch()
})

afterAll(() => undo[Symbol.asyncDispose]())

const newActivity = (projectId: string, environmentId: string): NewActivity => ({
  projectId,
  environmentId,
  type: 'environment.push',
  actor: 'tester',
  input: {},
})

test('an environment does one thing at a time, and a busy project does not hold back another', async () => {
  let open: () => void = () => undefined
  gates.set('one-a', new Promise((resolve) => (open = resolve)))
  const created = []
  for (const environment of ['one-a', 'one-a', 'one-b', 'one-c']) created.push(await activities.create(newActivity('one', environment)))
  created.push(await activities.create(newActivity('two', 'two-a')))
  // one-a holds one of the two places; the others pass through the second.
  for (const { id } of created.slice(2)) await activities.finished(id)
  expect(ran.filter((line) => line.endsWith('one-a'))).toEqual(['begin one-a'])
  open()
  for (const { id } of created) expect(await activities.finished(id)).toMatchObject({ state: 'complete', result: 'success' })
  expect(ran.filter((line) => line.endsWith('one-a'))).toEqual(['begin one-a', 'end one-a', 'begin one-a', 'end one-a'])
})

test('what a former control plane had claimed and not started is started, once', async () => {
  await db
    .insertInto('activities')
    .values({
      id: 'claimed',
      project_id: 'one',
      environment_id: 'left',
      type: 'environment.push',
      actor: 'x',
      state: 'in_progress',
      input: '{}',
    } as never)
    .execute()
  const behind = await activities.create(newActivity('one', 'left'))
  expect((await activities.underway()).map(({ id }) => id)).toEqual(['claimed', behind.id])
  await Promise.all([activities.resume(), activities.resume()])
  expect(await activities.finished('claimed')).toMatchObject({ result: 'success' })
  expect(await activities.finished(behind.id)).toMatchObject({ result: 'success' })
  expect(ran.filter((line) => line === 'begin left')).toHaveLength(2)
})

test('an activity whose workflow ended without recording it is ended as a fault of Friday', async () => {
  const done = await activities.create(newActivity('one', 'unrecorded'))
  await activities.finished(done.id)
  await expect.poll(() => workflows.over(done.id)).toBe(true)
  await db.updateTable('activities').set({ state: 'in_progress', result: null, completed_at: null }).where('id', '=', done.id).execute()
  await activities.resume()
  expect(await activities.get(done.id)).toMatchObject({ state: 'complete', result: 'failure', failure: { code: 'activities.internal' } })
})

test('one control plane at a time has the database; its successor waits until the former one has let go', async () => {
  const first = await claimDatabase(postgres.url, silentLog)
  await expect(claimDatabase(postgres.url, silentLog)).rejects.toThrow('Another control plane')
  const second = claimDatabase(postgres.url, silentLog)
  await first[Symbol.asyncDispose]()
  await (await second)[Symbol.asyncDispose]()
})
