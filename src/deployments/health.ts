// Is a release alive? Its application must answer on its port before it gets traffic.
import { request } from 'node:http'
import type { Endpoint, ProcessStatus } from '#engines/engine.ts'
import { waitFor } from '#lib/wait.ts'

export interface HealthOptions {
  readonly endpoint: Endpoint
  /** Host header of the probe: the host the world will use. */
  readonly host: string
  readonly timeoutMs: number
  /** The process behind the endpoint, to stop early when it keeps crashing. */
  readonly status: () => Promise<ProcessStatus | undefined>
}

export type Health = { readonly ok: true } | { readonly ok: false; readonly reason: string }

/** Crashes tolerated while starting; the third says that waiting longer will not help. */
const MOST_RESTARTS = 2

/** Waits until GET / answers with a status below 500. */
export async function waitHealthy({ endpoint, host, timeoutMs, status }: HealthOptions): Promise<Health> {
  let last = 'nothing listens on its port'
  const settled = await waitFor<Health>(
    async () => {
      const answer = await probe(endpoint, host)
      if (typeof answer === 'number' && answer < 500) return { ok: true }
      last = typeof answer === 'number' ? `it answers GET / with status ${answer}` : answer
      const process = await status()
      if (process === undefined) return { ok: false, reason: 'its process is gone' }
      if (process.restarts > MOST_RESTARTS || (process.state === 'exited' && process.outOfMemory === true)) {
        const why = process.outOfMemory === true ? 'it ran out of memory' : `it exits with code ${process.exitCode}`
        return { ok: false, reason: `${why} right after it starts` }
      }
      return undefined
    },
    { timeoutMs, everyMs: 10 },
  )
  return settled ?? { ok: false, reason: `${last} after ${Math.round(timeoutMs / 1000)} s` }
}

function probe(endpoint: Endpoint, host: string): Promise<number | string> {
  return new Promise((resolve) => {
    const call = request(
      {
        host: endpoint.host,
        port: endpoint.port,
        path: '/',
        headers: { host, 'user-agent': 'friday-health' },
        timeout: 10_000,
        agent: false,
      },
      (answer) => {
        answer.resume()
        resolve(answer.statusCode ?? 500)
      },
    )
    call.on('timeout', () => call.destroy(new Error('it does not answer within 10 s')))
    call.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? 'nothing listens on its port' : error.message),
    )
    call.end()
  })
}
