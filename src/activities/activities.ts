// Activities: durable operations with a log. One at a time for each environment, fair between projects.
import { sql } from 'kysely'
import type { Database } from '#db/database.ts'
import type { Failure, Phase, Row } from '#db/schema.ts'
import { errorTable, FridayError, messageOf } from '#lib/errors.ts'
import { randomId } from '#lib/ids.ts'
import type { Log } from '#lib/log.ts'
import type { Steps, Workflows } from '#workflow/workflows.ts'
import type { ActivityLogs, ActivityLog } from './log.ts'

export const fail = errorTable('activities', {
  unknown: { status: 404, advice: '`friday activity list` shows the activities of a project.' },
  internal: { status: 500, advice: 'This is a fault in Friday; its own log has the details.' },
})

export type Activity = Row<'activities'>
export type ActivityType =
  | 'environment.push'
  | 'environment.create'
  | 'environment.redeploy'
  | 'environment.pause'
  | 'environment.resume'
  | 'environment.delete'
  | 'project.delete'

export interface ActivityContext {
  readonly activity: Activity
  readonly steps: Steps
  readonly log: ActivityLog
  /** Runs a step and records how long it took under this name; phases are shown to people. */
  phase<T>(name: string, work: () => Promise<T>): Promise<T>
  /** One step of several phases: fewer records to wait for between phases that are quick to find done when all are run again. */
  stage(name: string, work: (part: Part) => Promise<void>): Promise<void>
}

/** Runs one phase of a stage. */
export type Part = (name: string, work: () => Promise<void>) => Promise<void>

export type Handler = (context: ActivityContext) => Promise<void>

export interface NewActivity {
  readonly projectId: string
  readonly environmentId: string
  readonly type: ActivityType
  readonly actor: string
  readonly input: object
}

export interface Activities {
  handle(type: ActivityType, handler: Handler): void
  /** Records the activity and starts it as soon as its environment is free. */
  create(activity: NewActivity): Promise<Activity>
  get(id: string): Promise<Activity>
  list(filter: { projectId?: string; environmentId?: string; limit?: number }): Promise<Activity[]>
  /** Resolves when the activity is complete. */
  finished(id: string, signal?: AbortSignal): Promise<Activity>
  /** Activities that have not ended: they run, wait, or ran when a former control plane ended. */
  underway(): Promise<Activity[]>
  /** Starts what waits and what a former control plane had claimed without starting it; call once after the workflows were launched. */
  resume(): Promise<void>
}

interface Dependencies {
  readonly db: Database
  readonly workflows: Workflows
  readonly logs: ActivityLogs
  readonly log: Log
  /** Activities that run at the same time over all environments. */
  readonly concurrency: number
}

export function createActivities({ db, workflows, logs, log, concurrency }: Dependencies): Activities {
  const handlers = new Map<string, Handler>()
  const waiters = new Map<string, Set<() => void>>()
  let dispatching: Promise<void> = Promise.resolve()

  workflows.register('activity', async (steps, id) => {
    const activity = await get(id)
    const handler = handlers.get(activity.type)
    const phases: Phase[] = [...activity.phases]
    const activityLog = logs.writer(id)
    const failure = await run(activity, handler, steps, activityLog, phases)
    await activityLog.flush()
    await steps.run('complete', () => complete(id, failure, phases))
    for (const wake of waiters.get(id) ?? []) wake()
    logs.ended(id)
    void dispatch()
  })

  async function run(
    activity: Activity,
    handler: Handler | undefined,
    steps: Steps,
    activityLog: ActivityLog,
    phases: Phase[],
  ): Promise<Failure | undefined> {
    try {
      if (handler === undefined) throw fail('internal', `Nothing handles activities of type ${activity.type}`)
      await handler({ activity, steps, log: activityLog, phase: timedStep(steps, phases), stage: timedStage(steps, phases) })
      return undefined
    } catch (error) {
      if (!(error instanceof FridayError)) log.error({ activity: activity.id, err: error }, 'activity ended with an unexpected error')
      const failure = toFailure(error)
      activityLog.line(`E: ${failure.message}`)
      if (failure.advice !== '') activityLog.line(`   ${failure.advice}`)
      return failure
    }
  }

  async function complete(id: string, failure: Failure | undefined, phases: readonly Phase[]): Promise<void> {
    await db
      .updateTable('activities')
      .set({
        state: 'complete',
        result: failure === undefined ? 'success' : 'failure',
        failure: failure === undefined ? null : JSON.stringify(failure),
        phases: JSON.stringify(phases),
        completed_at: new Date(),
      })
      .where('id', '=', id)
      .execute()
  }

  function dispatch(): Promise<void> {
    dispatching = dispatching.then(startRunnable).catch((error: unknown) => log.error({ err: error }, 'activities could not be started'))
    return dispatching
  }

  async function startRunnable(): Promise<void> {
    const { rows } = await claimRunnable(db, concurrency)
    await Promise.all(rows.map(({ id }) => workflows.start('activity', id).catch((error: unknown) => putBack(id, error))))
  }

  /** What was claimed and could not be started waits again, for a moment at least. */
  async function putBack(id: string, error: unknown): Promise<void> {
    log.error({ activity: id, err: error }, 'activity could not be started')
    await db.updateTable('activities').set({ state: 'pending', started_at: null }).where('id', '=', id).execute()
    setTimeout(() => void dispatch(), 1000).unref()
  }

  async function get(id: string): Promise<Activity> {
    const activity = await db.selectFrom('activities').selectAll().where('id', '=', id).executeTakeFirst()
    if (activity === undefined) throw fail('unknown', `There is no activity ${id}`)
    return activity
  }

  const underway = () => db.selectFrom('activities').selectAll().where('state', '!=', 'complete').orderBy('created_at').execute()

  return {
    get,
    handle: (type, handler) => void handlers.set(type, handler),
    async create({ projectId, environmentId, type, actor, input }) {
      const activity = await db
        .insertInto('activities')
        .values({
          id: randomId(),
          project_id: projectId,
          environment_id: environmentId,
          type,
          actor,
          state: 'pending',
          input: JSON.stringify(input),
        } as never)
        .returningAll()
        .executeTakeFirstOrThrow()
      void dispatch()
      return activity
    },
    list({ projectId, environmentId, limit = 50 }) {
      let query = db.selectFrom('activities').selectAll().orderBy('created_at', 'desc').limit(limit)
      if (projectId !== undefined) query = query.where('project_id', '=', projectId)
      if (environmentId !== undefined) query = query.where('environment_id', '=', environmentId)
      return query.execute()
    },
    async finished(id, signal) {
      for (;;) {
        let wake: () => void = () => undefined
        const woken = new Promise<void>((resolve) => (wake = resolve))
        const group = waiters.get(id) ?? new Set()
        waiters.set(id, group.add(wake))
        // Another control plane may be the one that finishes it, so look now and then as well.
        const timer = setTimeout(wake, 1000)
        try {
          const activity = await get(id)
          if (activity.state === 'complete') return activity
          signal?.addEventListener('abort', wake, { once: true })
          await woken
          signal?.throwIfAborted()
        } finally {
          clearTimeout(timer)
          signal?.removeEventListener('abort', wake)
          group.delete(wake)
          if (group.size === 0) waiters.delete(id)
        }
      }
    },
    underway,
    async resume() {
      const claimed = (await underway()).filter(({ state }) => state === 'in_progress')
      // A workflow that is there already is joined, not started twice.
      for (const { id, phases } of claimed) {
        if (await workflows.over(id))
          await complete(id, toFailure(fail('internal', 'The activity was cut off while its end was being recorded')), phases)
        else await workflows.start('activity', id)
      }
      await dispatch()
    },
  }
}

/**
 * Marks the activities that may start now and returns them: the oldest of each environment that has none running; the first of
 * every project come before the second of any, so that one busy project does not hold back the others.
 */
function claimRunnable(db: Database, concurrency: number) {
  return sql<{ id: string }>`
    with free as (
      select distinct on (a.environment_id) a.id, a.project_id, a.created_at
      from activities a
      where a.state = 'pending'
        and not exists (select 1 from activities b where b.environment_id = a.environment_id and b.state = 'in_progress')
      order by a.environment_id, a.created_at
    ), fair as (
      select id, row_number() over (partition by project_id order by created_at) as turn, created_at from free
    ), chosen as (
      select id from fair order by turn, created_at
      limit greatest(0, ${concurrency} - (select count(*) from activities where state = 'in_progress'))
    )
    update activities set state = 'in_progress', started_at = now()
    where id in (select id from chosen) and state = 'pending'
    returning id`.execute(db)
}

function timedStep(steps: Steps, phases: Phase[]): ActivityContext['phase'] {
  return async (name, work) => {
    const { value, ms } = await steps.run(name, () => timed(work))
    phases.push({ name, ms })
    return value
  }
}

function timedStage(steps: Steps, phases: Phase[]): ActivityContext['stage'] {
  return async (name, work) => {
    // What is told of a stage that fails halfway is told from here; of one that a former control plane ended, from its record.
    const seen: Phase[] = []
    const kept = await steps
      .run(name, async () => {
        seen.length = 0
        await work(async (phase, part) => void seen.push({ name: phase, ms: (await timed(part)).ms }))
        return seen
      })
      .catch((error: unknown) => {
        phases.push(...seen)
        throw error
      })
    phases.push(...kept)
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const began = performance.now()
  const value = await work()
  return { value, ms: Math.round(performance.now() - began) }
}

function toFailure(error: unknown): Failure {
  if (error instanceof FridayError) return { code: error.code, message: error.message, advice: error.advice }
  return { code: 'internal', message: messageOf(error), advice: 'This is a fault in Friday; its own log has the details.' }
}
