// Releases: a system plus its build artifacts, immutable, numbered within their environment.
import type { Database } from '#db/database.ts'
import type { Row } from '#db/schema.ts'
import type { Environment } from '#environments/environments.ts'
import { errorTable } from '#lib/errors.ts'
import { parse as parseSystem, serialise as serialiseSystem } from '#systems/stored.ts'
import type { System } from '#systems/system.ts'
import type { Plan } from './plan.ts'

export const fail = errorTable('releases', {
  unknown: { status: 404, advice: 'Deploy the environment first: `git push friday <branch>`.' },
  unread: { status: 409, advice: 'Try again in a moment; when it stays so, `friday redeploy <branch>` reads it again.' },
})

export interface Release {
  readonly id: string
  readonly number: number
  readonly commit: string
  readonly plan: Plan
  /** Undefined for the moment between its swap and the reading of what it made. */
  readonly system: System | undefined
}

export interface Releases {
  /** Records a release under an id of the caller's; recording the same id again gives the first back. */
  record(id: string, environment: Environment, plan: Plan): Promise<void>
  /** Adds what the release turned out to be, once its hooks have run. */
  describe(id: string, system: System): Promise<void>
  get(id: string): Promise<Release>
  /** The plan of a commit that this project has released before: same commit, same settled versions, same plan. */
  planOf(projectId: string, commit: string): Promise<Plan | undefined>
  /** Takes back the record of a release that never served. */
  forget(id: string): Promise<void>
  /** The release an environment runs; an error when it runs none. */
  current(environment: Environment): Promise<Release>
  /** The system of the release an environment runs; an error while that is not known. */
  system(environment: Environment): Promise<System>
}

export function createReleases(db: Database): Releases {
  async function get(id: string): Promise<Release> {
    const row = await db.selectFrom('releases').selectAll().where('id', '=', id).executeTakeFirst()
    if (row === undefined) throw fail('unknown', `There is no release ${id}`)
    return releaseOf(row)
  }

  return {
    get,
    async planOf(projectId, commit) {
      const query = db.selectFrom('releases').select('plan').where('project_id', '=', projectId).where('commit', '=', commit)
      const row = await query.orderBy('created_at', 'desc').limit(1).executeTakeFirst()
      return row?.plan as Plan | undefined // the column holds what `record` wrote
    },
    async forget(id) {
      await db.deleteFrom('releases').where('id', '=', id).execute()
    },
    async record(id, environment, plan) {
      await db.transaction().execute(async (transaction) => {
        // Releases of one environment are recorded one at a time, so that numbers have no gaps and no doubles.
        await transaction.selectFrom('environments').select('id').where('id', '=', environment.id).forUpdate().execute()
        const last = await transaction
          .selectFrom('releases')
          .select(({ fn }) => fn.max('number').as('number'))
          .where('environment_id', '=', environment.id)
          .executeTakeFirst()
        await transaction
          .insertInto('releases')
          .values({
            id,
            project_id: environment.project_id,
            environment_id: environment.id,
            number: (last?.number ?? 0) + 1,
            commit: plan.commit,
            system_hash: null,
            system: null,
            plan: JSON.stringify(plan),
          })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .execute()
      })
    },
    async describe(id, system) {
      const change = { system_hash: system.hash, system: JSON.stringify(serialiseSystem(system)) }
      await db.updateTable('releases').set(change).where('id', '=', id).execute()
    },
    current,
    async system(environment) {
      const { system, number } = await current(environment)
      if (system === undefined) throw fail('unread', `The system of release ${number} of ${environment.branch} has not been read yet`)
      return system
    },
  }

  async function current(environment: Environment): Promise<Release> {
    if (environment.release_id === null) throw fail('unknown', `The environment ${environment.branch} has no release yet`)
    return get(environment.release_id)
  }
}

function releaseOf(row: Row<'releases'>): Release {
  // The columns hold what `record` and `describe` wrote.
  const system = row.system === null ? undefined : parseSystem(row.system)
  return { id: row.id, number: row.number, commit: row.commit, plan: row.plan as Plan, system }
}
