// Friday's state database: a pool, the kysely over it, and the migrations that bring it up to date.
import { Kysely, Migrator, PostgresDialect, type Migration } from 'kysely'
import { Pool } from 'pg'
import { errorTable, messageOf } from '#lib/errors.ts'
import type { Secret } from '#lib/secret.ts'
import * as begin from './migrations/001-begin.ts'
import type { Schema } from './schema.ts'

const fail = errorTable('db', {
  migration: { status: 500, advice: 'Restore the database from before the upgrade, or start the former version of Friday again.' },
})

export type Database = Kysely<Schema>

const migrations: Record<string, Migration> = { '001-begin': begin }

/** Opens the database at `url` and migrates the schema `friday` in it; safe to call from several control planes at once. */
export async function openDatabase(url: Secret): Promise<Database> {
  const pool = new Pool({ connectionString: url.reveal(), max: 8, options: '-c search_path=friday' })
  // An idle connection cut by a server restart must not end the process; the next query opens a new one.
  pool.on('error', () => undefined)
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) })
  await pool.query('create schema if not exists friday').catch(ignoreRace)
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) {
    await db.destroy()
    throw fail('migration', `The state database could not be brought up to date: ${messageOf(error)}`, { cause: error })
  }
  return db
}

/** Two control planes creating the schema at once: one loses with a unique violation, and the schema is there. */
function ignoreRace(error: Error & { code?: string }): void {
  if (error.code !== '23505' && error.code !== '42P06') throw error
}
