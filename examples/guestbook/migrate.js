// Brings the schema up to date: every file of migrations/ once, in order of name, each in a transaction of its own.
import { readdir, readFile } from 'node:fs/promises'
import { transaction, withLock } from './src/database.js'

const LOCK = 4_711_001
const directory = new URL('./migrations/', import.meta.url)

await withLock(LOCK, async (client) => {
  await client.query('CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())')
  const { rows } = await client.query('SELECT name FROM schema_migrations')
  const applied = new Set(rows.map(({ name }) => name))
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort()
  const pending = names.filter((name) => !applied.has(name))
  for (const name of pending) {
    const sql = await readFile(new URL(name, directory), 'utf8')
    await transaction(client, async () => {
      await client.query(sql)
      await client.query('INSERT INTO schema_migrations (name) VALUES ($1)', [name])
    })
    console.log(`Applied migration ${name}`)
  }
  if (pending.length === 0) console.log(`The schema is up to date (${names.length} migrations)`)
})
