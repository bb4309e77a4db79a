// Starts the shop on $PORT and ends it without dropping a request.
import { createServer } from 'node:http'
import { createApp } from './src/app.js'
import { createPool } from './src/database.js'
import { environmentOf } from './src/environment.js'

const DRAIN_MS = 10_000

const pool = createPool()
const environment = environmentOf()
const server = createServer(createApp({ pool, environment }))

server.listen(Number(process.env.PORT ?? 8888), () => {
  console.log(`${environment.shop} listens on port ${server.address().port} (${environment.type}, release ${environment.release})`)
})

for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop)

/** No new connections, running requests to their end, then the database. */
function stop() {
  const late = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
  // Answers from now on end their connection, so that a busy keep-alive client cannot hold the process.
  server.prependListener('request', (_, response) => response.setHeader('connection', 'close'))
  server.close(async () => {
    clearTimeout(late)
    await pool.end()
  })
  server.closeIdleConnections()
}
