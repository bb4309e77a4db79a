// The control plane killed at random moments of pushes: applications go on answering, every activity ends, nothing is left over.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '#lib/wait.ts'
import { startTestFriday, type Checkout, type TestFriday } from './harness.ts'
import { notes } from './projects/notes.ts'

const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 20)
/** Longer than a push takes, so that some rounds kill a Friday at rest. */
const LATEST_MS = 3500

const seed = Number(process.env['KILL_SEED'] ?? Date.now() % 1_000_000)
let friday: TestFriday
let checkout: Checkout

interface Shown {
  release: { commit: string }
  processes: { role: string; state: string }[]
}

beforeAll(async () => {
  friday = await startTestFriday()
  checkout = await friday.checkout('notes', notes)
  const push = await checkout.push('main')
  if (!push.ok) throw new Error(push.stderr)
})

afterAll(async () => {
  expect(await friday.end()).toEqual([])
})

test(`killed at ${ROUNDS} random moments (KILL_SEED=${seed} repeats them)`, { timeout: 900_000 }, async () => {
  const random = mulberry32(seed)
  const poll = startPolling()
  for (let round = 0; round < ROUNDS; round++) {
    const at = Math.floor(random() * LATEST_MS)
    const toBranch = random() < 0.3
    const where = `round ${round}, killed after ${at} ms, KILL_SEED=${seed}`
    await checkout.commit({ 'server.js': notes['server.js']?.replace('notes one', `notes ${round}`) })
    const pushing = checkout.push('--force', toBranch ? `main:refs/heads/branch-${round}` : 'main')
    // The moment is the subject of this test; nothing is waited for here.
    await delay(at)
    await friday.kill()
    await pushing
    await friday.start()
    await everythingEnded(where)
    await consistent('main', where)
    if (toBranch) await noHalfBranch(`branch-${round}`, where)
  }
  const failures = await poll.stop()
  expect(failures, `production did not answer (KILL_SEED=${seed})`).toEqual([])
  expect((await readdir(join(friday.env['FRIDAY_DATA'] ?? '', 'builds'))).filter((name) => !name.startsWith('.'))).toEqual([])
})

/** Asks production for its page again and again; every answer that is not one is kept. */
function startPolling() {
  const failures: string[] = []
  const stopping = new AbortController()
  const done = (async () => {
    while (!stopping.signal.aborted) {
      const answer = await friday.fetch('main', 'notes', '/').catch((error: Error) => error.message)
      if (typeof answer === 'string') failures.push(answer)
      else if (answer.status !== 200 || !answer.body.startsWith('notes ')) failures.push(`${answer.status} ${answer.body}`)
      await delay(5)
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await done
      return failures
    },
  }
}

async function everythingEnded(where: string): Promise<void> {
  const open = async () =>
    (await friday.ask<{ state: string }[]>('activity', 'list', '--project', 'notes', '--limit', '100')).filter(
      ({ state }) => state !== 'complete',
    )
  await waitFor(async () => (await open()).length === 0, { timeoutMs: 120_000, everyMs: 100 })
  expect(await open(), `an activity never ended: ${where}`).toEqual([])
}

/** What serves is what the release says, and nothing else runs. */
async function consistent(branch: string, where: string): Promise<void> {
  const { release, processes } = await friday.ask<Shown>('env', 'show', branch, '--project', 'notes')
  const served = (await friday.fetch(branch, 'notes', '/')).body
  const source = await checkout.git('show', `${release.commit}:server.js`)
  expect(source.stdout, where).toContain(`'${served}'`)
  expect(processes.map(({ role }) => role).toSorted(), where).toEqual(['service', 'web'])
  expect((await checkout.git('ls-remote', 'friday', `refs/heads/${branch}`)).stdout, where).toContain(release.commit)
}

async function noHalfBranch(branch: string, where: string): Promise<void> {
  const environments = await friday.ask<{ branch: string; status: string }[]>('env', 'list', '--project', 'notes')
  const found = environments.find((environment) => environment.branch === branch)
  if (found === undefined) {
    expect((await checkout.git('ls-remote', 'friday', `refs/heads/${branch}`)).stdout, where).toBe('')
    return
  }
  expect(found.status, where).toBe('active')
  await consistent(branch, where)
  await friday.ask('env', 'delete', branch, '--project', 'notes')
}

function mulberry32(from: number): () => number {
  let state = from
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
