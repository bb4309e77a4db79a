// An application-only change, from `git push` to live, beside the bare floor: push to a bare repository, the same build, the same start.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { exec, execOk, spawnProgram } from '#lib/exec.ts'
import { waitFor } from '#lib/wait.ts'
import { fetchFrom, startTestFriday, type Checkout, type TestFriday } from '../test/harness.ts'
import { notes } from '../test/projects/notes.ts'
import { figuresOf, round, shown, timed } from './_measure.ts'
import { phasesOf } from './_phases.ts'
import { nodeFolder } from './_store.ts'

export async function run({ quick }: { quick: boolean }): Promise<Record<string, unknown>> {
  const rounds = quick ? 3 : 9
  await using friday = await startTestFriday()
  // The deploy hook is left out on both sides: the floor has no database of its own to migrate.
  const config = notes['.upsun/config.yaml']?.replace('    hooks:\n      deploy: node migrate.js\n', '') ?? ''
  const checkout = await friday.checkout('notes', { ...notes, '.upsun/config.yaml': config })
  const push = await checkout.push('main')
  if (!push.ok) throw new Error(push.stderr)
  const floor = await openFloor(friday, checkout)
  const [ours, bare]: [number[], number[]] = [[], []]
  for (let index = 0; index < rounds; index++) {
    await checkout.commit({ 'server.js': notes['server.js']?.replace('notes one', `notes ${index}`) })
    const steps = [
      async () => ours.push(await byFriday(friday, checkout, `notes ${index}`)),
      async () => bare.push(await floor.push(`notes ${index}`, index)),
    ]
    for (const step of index % 2 === 0 ? steps : steps.toReversed()) await step()
  }
  const ratio = figuresOf(ours.map((value, index) => value / (bare[index] ?? value)))
  console.log(
    `by hand  ${shown(figuresOf(bare), 'ms')}   git push to a bare repository, checkout, npm install with a warm cache, node to its first answer`,
  )
  console.log(`friday   ${shown(figuresOf(ours), 'ms')}   git push to the first answer of the new release through the router`)
  console.log(`  of it  ${await phasesOf(friday, 'environment.push', rounds)}`)
  console.log(`ratio    ${shown(ratio, 'x')}`)
  return { bench: 'push', ratio: round(ratio.median), unit: 'x floor', peer: { floorMs: Math.round(figuresOf(bare).median) }, runs: rounds }
}

async function byFriday(friday: TestFriday, checkout: Checkout, expected: string): Promise<number> {
  let live = 0
  const began = performance.now()
  const pushing = checkout.push('main')
  await waitFor(async () => (await friday.fetch('main', 'notes', '/')).body === expected, { timeoutMs: 120_000, everyMs: 3 })
  live = performance.now() - began
  const result = await pushing
  if (!result.ok) throw new Error(result.stderr)
  return live
}

/** The same Node.js and npm that Friday builds with, taken from its package store, without containers, checks or records. */
async function openFloor(friday: TestFriday, checkout: Checkout) {
  const folder = join(friday.folder, 'floor')
  const repository = join(folder, 'bare.git')
  await mkdir(folder, { recursive: true })
  await execOk(['git', 'init', '-q', '--bare', repository], { env: friday.env })
  await checkout.git('remote', 'add', 'floor', repository)
  const tools = await nodeFolder(friday)
  const database = JSON.parse((await friday.fetch('main', 'notes', '/env')).body) as Record<string, string>
  const env = { ...friday.env, npm_config_cache: join(folder, 'cache'), PATH: `${tools}:/usr/bin:/bin`, HOME: folder }
  let running: ReturnType<typeof spawnProgram> | undefined

  async function push(expected: string, index: number): Promise<number> {
    const tree = join(folder, `tree-${index}`)
    // Below the ports that outgoing connections take.
    const port = 22_100 + index
    const ms = await timed(async () => {
      const pushed = await checkout.git('push', '-q', 'floor', 'main')
      if (!pushed.ok) throw new Error(pushed.stderr)
      await mkdir(tree, { recursive: true })
      await execOk(['git', `--git-dir=${repository}`, `--work-tree=${tree}`, 'checkout', '-f', '-q', 'main'], { env: friday.env })
      const built = await exec(['/bin/sh', '-c', 'npm prune --userconfig .npmrc && npm install --userconfig .npmrc'], {
        cwd: tree,
        env,
        timeoutMs: 300_000,
      })
      if (!built.ok) throw new Error(built.stderr)
      const next = spawnProgram(['node', 'server.js'], { cwd: tree, env: { ...env, ...databaseOf(database), PORT: String(port) } })
      await waitFor(async () => (await fetchFrom({ host: '127.0.0.1', port }, 'x', '/').catch(() => undefined))?.body === expected, {
        timeoutMs: 60_000,
        everyMs: 3,
      })
      running?.kill('SIGTERM')
      running = next
    })
    await rm(join(folder, `tree-${index - 1}`), { recursive: true, force: true })
    return ms
  }

  await push('notes one', -1)
  return {
    async push(expected: string, index: number) {
      const ms = await push(expected, index)
      running?.kill('SIGTERM')
      await running
      running = undefined
      return ms
    },
  }
}

function databaseOf(env: Record<string, string>): Record<string, string> {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('DATABASE_')))
  return { ...own, DATABASE_HOST: env['DATABASE_IP'] ?? '' }
}
