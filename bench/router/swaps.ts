// Deployment after deployment under load: every swap ends the old application, and no request may notice.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Pool } from 'undici'
import { startRouter } from '#router/client.ts'
import { siteTo } from './peers.ts'

export interface SwapResult {
  readonly swaps: number
  readonly requests: number
  readonly failed: number
  /** Answers by an application that had been replaced before the request was sent. */
  readonly stale: number
}

/** `swaps` deployments while 16 readers and 8 writers keep asking. */
export async function swapUnderLoad(folder: string, swaps: number): Promise<SwapResult> {
  const router = await startRouter({
    folder: join(folder, 'swaps'),
    listen: { host: '127.0.0.1', port: 0 },
    log: join(folder, 'swaps.log'),
  })
  let app = await startApp(0)
  await router.apply(siteTo(app.port))
  const { port } = await router.address()
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 24 })
  const tally = { requests: 0, failed: 0, stale: 0 }
  let live = 0
  const load = { going: true }

  async function ask(method: 'GET' | 'POST'): Promise<void> {
    while (load.going) {
      const sentAt = live
      tally.requests++
      try {
        const body = method === 'POST' ? 'x'.repeat(10_000) : undefined
        const answer = await pool.request({ path: '/', method, body })
        const text = await answer.body.text()
        if (answer.statusCode !== 200) tally.failed++
        else if (Number(text) < sentAt) tally.stale++
      } catch {
        tally.failed++
      }
    }
  }

  try {
    const clients = [...Array.from({ length: 16 }, async () => ask('GET')), ...Array.from({ length: 8 }, async () => ask('POST'))]
    for (let generation = 1; generation <= swaps; generation++) {
      const next = await startApp(generation)
      await router.apply(siteTo(next.port))
      live = generation
      if (!(await router.drained({ host: '127.0.0.1', port: app.port }, 10_000))) tally.failed++
      app.server.closeAllConnections()
      app.server.close()
      app = next
    }
    load.going = false
    await Promise.all(clients)
  } finally {
    load.going = false
    await pool.destroy()
    app.server.closeAllConnections()
    app.server.close()
    await router.shutdown()
  }
  return { swaps, ...tally }
}

async function startApp(generation: number): Promise<{ server: Server; port: number }> {
  const server = createServer((req, res) => {
    req.resume().on('end', () => res.end(String(generation)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // It listens on TCP.
  return { server, port: (server.address() as AddressInfo).port }
}
