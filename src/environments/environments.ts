// Environments: a branch, alive. What each is called, what it descends from, and what its state allows.
import type { Database } from '#db/database.ts'
import type { Row } from '#db/schema.ts'
import { refFault } from '#git/names.ts'
import { errorTable } from '#lib/errors.ts'
import { randomId, slugOf } from '#lib/ids.ts'
import type { Project } from '#projects/projects.ts'

export const fail = errorTable('environments', {
  unknown: { status: 404, advice: '`friday env list` shows the environments of a project.' },
  exists: { status: 409, advice: 'Use another branch name, or work with the environment that is there.' },
  not_allowed: { status: 409, advice: '`friday env list` shows the state of each environment.' },
  production: { status: 403, advice: 'Production goes only with its project: `friday project delete --yes`.' },
  branch: { status: 422, advice: 'Use a branch name that git allows (see `git check-ref-format --branch`), at most 189 bytes.' },
  parent: { status: 422, advice: 'Push the production branch first; every other environment is cloned from one that runs.' },
})

export type Environment = Row<'environments'>
export type Action = 'push' | 'redeploy' | 'pause' | 'resume' | 'delete' | 'branch' | 'exec'

/** What each state allows: the one table that API, CLI and workflows go by. */
export const allowed: Record<Environment['status'], readonly Action[]> = {
  new: ['push', 'delete'],
  active: ['push', 'redeploy', 'pause', 'delete', 'branch', 'exec'],
  paused: ['push', 'resume', 'delete', 'branch'],
  deleting: ['delete'],
}

export interface Environments {
  /** The environment of a branch, made as `new` when there is none yet. Production is the project's default branch. */
  ensure(project: Project, branch: string, options?: { parent?: Environment }): Promise<Environment>
  find(project: Project, branch: string): Promise<Environment | undefined>
  /** By branch or slug; an error when there is none. */
  get(project: Project, name: string): Promise<Environment>
  byId(id: string): Promise<Environment>
  list(projectId?: string): Promise<Environment[]>
  update(
    id: string,
    change: Partial<Pick<Environment, 'status' | 'release_id' | 'deployment' | 'volume' | 'outbound'>> & {
      lineage?: Environment['lineage']
    },
  ): Promise<void>
  remove(id: string): Promise<void>
  /** Throws unless the environment's state allows the action. */
  check(environment: Environment, action: Action): void
}

export function createEnvironments(db: Database): Environments {
  const find = (project: Project, branch: string) =>
    db.selectFrom('environments').selectAll().where('project_id', '=', project.id).where('branch', '=', branch).executeTakeFirst()

  return {
    find,
    async ensure(project, branch, { parent } = {}) {
      checkBranch(branch)
      const present = await find(project, branch)
      if (present !== undefined) return present
      const production = branch === project.default_branch
      const slug = await freeSlug(db, project, branch)
      await db
        .insertInto('environments')
        .values({
          id: randomId(10),
          project_id: project.id,
          branch,
          slug,
          type: production ? 'production' : 'development',
          parent_id: parent?.id ?? null,
          status: 'new',
          outbound: 'open',
          lineage: JSON.stringify({ from: 'empty' }),
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      const environment = await find(project, branch)
      if (environment === undefined)
        throw fail('exists', `The name ${slug} was taken while ${branch} was being made`, { advice: 'Push again.' })
      return environment
    },
    async get(project, name) {
      const environment = await db
        .selectFrom('environments')
        .selectAll()
        .where('project_id', '=', project.id)
        .where((where) => where.or([where('branch', '=', name), where('slug', '=', name)]))
        .orderBy((order) => order.case().when('branch', '=', name).then(0).else(1).end())
        .executeTakeFirst()
      if (environment === undefined) throw fail('unknown', `Project ${project.name} has no environment ${JSON.stringify(name)}`, { name })
      return environment
    },
    async byId(id) {
      const environment = await db.selectFrom('environments').selectAll().where('id', '=', id).executeTakeFirst()
      if (environment === undefined) throw fail('unknown', `There is no environment with id ${id} any more`)
      return environment
    },
    list(projectId) {
      let query = db.selectFrom('environments').selectAll().orderBy('created_at')
      if (projectId !== undefined) query = query.where('project_id', '=', projectId)
      return query.execute()
    },
    async update(id, { lineage, ...change }) {
      await db
        .updateTable('environments')
        .set({ ...change, ...(lineage === undefined ? {} : { lineage: JSON.stringify(lineage) }) })
        .where('id', '=', id)
        .execute()
    },
    async remove(id) {
      await db.updateTable('environments').set({ parent_id: null }).where('parent_id', '=', id).execute()
      await db.deleteFrom('environments').where('id', '=', id).execute()
    },
    check(environment, action) {
      if (allowed[environment.status].includes(action)) return
      throw fail('not_allowed', `The environment ${environment.branch} is ${environment.status}; ${action} is not possible now`, {
        branch: environment.branch,
        status: environment.status,
      })
    },
  }
}

/** The same rules as for a push, as a branch can also be named to the API. */
function checkBranch(branch: string): void {
  const fault = refFault(`refs/heads/${branch}`)
  if (fault !== undefined) throw fail('branch', `${JSON.stringify(branch.slice(0, 60))} cannot be the name of an environment: it ${fault}`)
}

/** The branch's slug; when another branch has it (`feature-x-1a2b3c4` may be a name of its own) a longer one, never a shared one. */
async function freeSlug(db: Database, project: Project, branch: string): Promise<string> {
  for (const name of [branch, `${branch}/`, `${branch}//`]) {
    const slug = slugOf(name)
    const holder = await db
      .selectFrom('environments')
      .select('branch')
      .where('project_id', '=', project.id)
      .where('slug', '=', slug)
      .executeTakeFirst()
    if (holder === undefined || holder.branch === branch) return slug
  }
  throw fail('exists', `Every address for the branch ${branch} is taken`, { branch })
}
