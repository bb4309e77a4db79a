// Projects: a name, a repository, and the branch that is production.
import { randomBytes } from 'node:crypto'
import type { Database } from '#db/database.ts'
import type { Row } from '#db/schema.ts'
import { errorTable } from '#lib/errors.ts'
import { randomId } from '#lib/ids.ts'

export const fail = errorTable('projects', {
  name: { status: 422, advice: 'Use 1 to 30 lower-case letters, digits and single dashes, beginning with a letter.' },
  taken: { status: 409, advice: 'Choose another name, or use the project that has it.' },
  unknown: { status: 404, advice: '`friday project list` shows the projects there are.' },
  in_use: {
    status: 409,
    advice: 'Delete its environments first: `friday env delete <branch>`; production goes with `friday project delete --yes`.',
  },
})

export type Project = Row<'projects'>

/** Labels that would be mistaken for the platform's own addresses. */
const RESERVED = new Set(['api', 'git', 'friday', 'www', 'localhost', 'console', 'static'])

export interface Projects {
  create(input: { name: string; title?: string; defaultBranch?: string }): Promise<Project>
  list(): Promise<Project[]>
  /** By name or id; an error when there is none. */
  get(name: string): Promise<Project>
  /** Forgets a project that has no environments left, with its builds, releases and history of activities. */
  forget(id: string): Promise<void>
}

interface Dependencies {
  readonly db: Database
  readonly repositories: { create(id: string, options: { defaultBranch: string }): Promise<void>; remove(id: string): Promise<void> }
}

export function createProjects({ db, repositories }: Dependencies): Projects {
  return {
    async create({ name, title = name, defaultBranch = 'main' }) {
      if (!/^[a-z](?:-?[a-z0-9]){0,29}$/.test(name) || RESERVED.has(name))
        throw fail('name', `${JSON.stringify(name)} cannot be a project's name`, { name })
      if (!/^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/.test(defaultBranch) || defaultBranch.includes('..')) {
        throw fail('name', `${JSON.stringify(defaultBranch)} cannot be the production branch`, {
          advice: 'Use letters, digits, dots, dashes and slashes.',
        })
      }
      const id = randomId(8)
      await repositories.create(id, { defaultBranch })
      const project = await db
        .insertInto('projects')
        .values({ id, name, title: title.slice(0, 200), default_branch: defaultBranch, entropy: randomBytes(42).toString('base64url') })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .returningAll()
        .executeTakeFirst()
      if (project !== undefined) return project
      await repositories.remove(id)
      throw fail('taken', `There is a project called ${name} already`, { name })
    },
    list: () => db.selectFrom('projects').selectAll().orderBy('name').execute(),
    async get(name) {
      const project = await db
        .selectFrom('projects')
        .selectAll()
        .where((where) => where.or([where('name', '=', name), where('id', '=', name)]))
        .executeTakeFirst()
      if (project === undefined) throw fail('unknown', `There is no project called ${JSON.stringify(name)}`, { name })
      return project
    },
    async forget(id) {
      const left = await db.selectFrom('environments').select('branch').where('project_id', '=', id).executeTakeFirst()
      if (left !== undefined) throw fail('in_use', `The project still has the environment ${left.branch}`, { branch: left.branch })
      await db.transaction().execute(async (transaction) => {
        const activities = transaction.selectFrom('activities').select('id').where('project_id', '=', id)
        await transaction.deleteFrom('activity_log').where('activity_id', 'in', activities).execute()
        for (const table of ['activities', 'releases', 'builds', 'resolutions'] as const) {
          await transaction.deleteFrom(table).where('project_id', '=', id).execute()
        }
        await transaction.deleteFrom('projects').where('id', '=', id).execute()
      })
      await repositories.remove(id)
    },
  }
}
