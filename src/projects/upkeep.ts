// What repositories need once a day: packing, and letting go of what nothing names any more.
import type { Clock } from '#lib/clock.ts'
import type { Database } from '#db/database.ts'
import { messageOf } from '#lib/errors.ts'
import type { Log } from '#lib/log.ts'
import type { Projects } from './projects.ts'

interface Dependencies {
  readonly db: Database
  readonly projects: Projects
  readonly maintain: (projectId: string) => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

export interface Upkeep extends Disposable {
  start(): void
  /** Does what is due: nothing within a day of the last time, whichever control plane did it. */
  look(): Promise<void>
}

const DAY_MS = 24 * 60 * 60 * 1000
const LOOK_MS = 60 * 60 * 1000
const KEY = 'upkeep'

export function createUpkeep({ db, projects, maintain, clock, log }: Dependencies): Upkeep {
  let timer: NodeJS.Timeout | undefined

  async function look(): Promise<void> {
    const now = clock.now()
    const row = await db.selectFrom('settings').select('value').where('key', '=', KEY).executeTakeFirst()
    if (row !== undefined && now - Number(row.value) < DAY_MS) return
    const value = String(now)
    await db
      .insertInto('settings')
      .values({ key: KEY, value })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
      .execute()
    for (const { id } of await projects.list()) {
      await maintain(id).catch((error: unknown) =>
        log.warn({ project: id, reason: messageOf(error) }, 'a repository could not be maintained'),
      )
    }
  }

  return {
    look,
    start() {
      timer = setInterval(() => {
        look().catch((error: unknown) => log.error({ reason: messageOf(error) }, 'repositories could not be maintained'))
      }, LOOK_MS)
      timer.unref()
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
