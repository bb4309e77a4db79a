// Where the database is, as the platform says, and the pool of connections to it.
import pg from 'pg'

/** A pool, or a single client's settings, from DATABASE_* or else PLATFORM_RELATIONSHIPS. Throws when neither is there. */
export function databaseSettings(env = process.env) {
  if (env.DATABASE_HOST) {
    return settings({
      host: env.DATABASE_HOST,
      port: env.DATABASE_PORT,
      username: env.DATABASE_USERNAME,
      password: env.DATABASE_PASSWORD,
      path: env.DATABASE_PATH,
    })
  }
  if (env.PLATFORM_RELATIONSHIPS) {
    const relationships = JSON.parse(Buffer.from(env.PLATFORM_RELATIONSHIPS, 'base64').toString('utf8'))
    const entry = relationships.database?.[0]
    if (entry) return settings(entry)
  }
  throw new Error('No database is known: set DATABASE_HOST (and _PORT, _USERNAME, _PASSWORD, _PATH), or deploy with a relationship named "database".')
}

export function createPool() {
  const pool = new pg.Pool({ ...databaseSettings(), max: 8, connectionTimeoutMillis: 3000, idleTimeoutMillis: 30_000 })
  // An idle connection may end at any time, as when the server restarts; the pool makes a new one for the next query.
  pool.on('error', (error) => console.error(`A database connection was lost: ${error.message}`))
  return pool
}

/** Runs `work` with a client while no other process does the same under this lock. */
export async function withLock(lock, work) {
  const client = new pg.Client({ ...databaseSettings(), connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    await client.query('SELECT pg_advisory_lock($1)', [lock])
    return await work(client)
  } finally {
    await client.end()
  }
}

/** All of `work` or nothing of it. */
export async function transaction(client, work) {
  await client.query('BEGIN')
  try {
    const result = await work()
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}

function settings({ host, port, username, password, path }) {
  return { host, port: Number(port ?? 5432), user: username ?? undefined, password: password ?? undefined, database: path ?? 'main' }
}
