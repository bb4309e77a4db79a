// The application of the end-to-end tests: a few lines of Node.js with PostgreSQL through the runtime's own means, quick to build.

/** Speaks PostgreSQL through `pg`, the one dependency; every path is something a test looks at. */
export const notes: Readonly<Record<string, string>> = {
  '.upsun/config.yaml': `applications:
  notes:
    type: nodejs:22
    relationships:
      database: db:postgresql
    hooks:
      deploy: node migrate.js
    web:
      commands:
        start: node server.js
    mounts:
      files: { source: storage, source_path: files }
    variables:
      env:
        COLOR: blue
services:
  db:
    type: postgresql:17
routes:
  "https://{default}/":
    type: upstream
    upstream: notes:http
`,
  'package.json': JSON.stringify({ name: 'notes', version: '1.0.0', type: 'module', dependencies: { pg: '8.16.3' } }),
  'database.js': `import pg from 'pg'
export const pool = new pg.Pool({
  host: process.env.DATABASE_HOST, port: process.env.DATABASE_PORT, user: process.env.DATABASE_USERNAME,
  password: process.env.DATABASE_PASSWORD, database: process.env.DATABASE_PATH, max: 3,
})
pool.on('error', () => {})
`,
  'migrate.js': `import { pool } from './database.js'
await pool.query('create table if not exists notes (id serial primary key, text text not null)')
await pool.end()
`,
  'server.js': `import { createServer } from 'node:http'
import { appendFileSync, readFileSync } from 'node:fs'
import { pool } from './database.js'
const server = createServer(async (request, response) => {
  try {
    if (request.url === '/notes' && request.method === 'POST') {
      let text = ''
      for await (const chunk of request) text += chunk
      await pool.query('insert into notes (text) values ($1)', [text])
      response.end('kept')
    } else if (request.url === '/notes') {
      response.end(JSON.stringify((await pool.query('select text from notes order by id')).rows.map((row) => row.text)))
    } else if (request.url === '/env') {
      response.end(JSON.stringify(process.env))
    } else if (request.url === '/file') {
      if (request.method === 'POST') appendFileSync('files/log', 'x')
      response.end(readFileSync('files/log', 'utf8'))
    } else {
      response.end('notes one')
    }
  } catch (error) {
    response.statusCode = 500
    response.end(error.message)
  }
})
server.listen(process.env.PORT)
process.on('SIGTERM', () => server.close(() => process.exit(0)))
`,
}
