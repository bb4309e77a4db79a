// One control plane at a time on a state database: the one that holds its lock.
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'
import { errorTable, FridayError } from '#lib/errors.ts'
import type { Log } from '#lib/log.ts'
import type { Secret } from '#lib/secret.ts'
import { waitFor } from '#lib/wait.ts'

const fail = errorTable('db', {
  claimed: { status: 409, advice: 'Stop the other one first (`friday stop`, or end its process), or give this one another database.' },
})

/** Key of the advisory lock; "friday" in ASCII. */
const KEY = '112641580491129'
/** A control plane that was killed a moment ago lets go when its connection is found closed. */
const PATIENCE_MS = 5000

export interface Claim extends AsyncDisposable {
  /** Resolves when another control plane has taken over; this one must not touch anything any more. */
  readonly lost: Promise<void>
}

/**
 * Claims the database at `url` until disposal; an error when another control plane has it. The claim rests on one connection: when
 * that is cut (a restart of the server) it is made again, unless another has taken it meanwhile.
 */
export async function claimDatabase(url: Secret, log: Log): Promise<Claim> {
  const disposing = new AbortController()
  let lose: () => void = () => undefined
  const lost = new Promise<void>((resolve) => (lose = resolve))
  let client = await claim(url)

  function watch(): void {
    client.on('error', () => undefined)
    client.once('end', () => {
      if (!disposing.signal.aborted) void again()
    })
  }

  async function again(): Promise<void> {
    log.warn('the connection that holds the state database was cut')
    while (!disposing.signal.aborted) {
      try {
        client = await claim(url)
        return watch()
      } catch (error) {
        if (error instanceof FridayError) return lose()
        await delay(1000)
      }
    }
  }

  watch()
  return {
    lost,
    async [Symbol.asyncDispose]() {
      disposing.abort()
      await client.end()
    },
  }
}

async function claim(url: Secret): Promise<Client> {
  const client = new Client({ connectionString: url.reveal(), keepAlive: true })
  await client.connect()
  const taken = await waitFor(
    async () => (await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [KEY])).rows[0]?.taken,
    { timeoutMs: PATIENCE_MS, everyMs: 50 },
  ).catch(async (error: unknown) => {
    await client.end().catch(() => undefined)
    throw error
  })
  if (taken === true) return client
  await client.end()
  throw fail('claimed', 'Another control plane works on this state database')
}
