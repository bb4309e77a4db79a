// Pushing with the real git client over HTTP: verdicts, live lines, refusals that leave nothing, lost clients and lost control planes.
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { spawnBare } from '#lib/exec.ts'
import { waitFor } from '#lib/wait.ts'
import { gate, moveAll, newClient, startHarness, type Client, type Harness } from './harness.suite.ts'

let friday: Harness
let client: Client

beforeEach(async () => {
  friday = await startHarness({ maxInputSize: 64 * 1024 * 1024 })
  client = await newClient(friday.root)
})

afterEach(async () => {
  await friday[Symbol.asyncDispose]()
})

const count = async () => (await friday.repositories.git.text('p1', ['count-objects', '-v'])).replace(/^(?:size|prune|garbage).*\n/gm, '')
const branches = () => friday.repositories.listBranches('p1')
const incoming = () => friday.repositories.listRefs('p1', 'refs/friday/incoming')

test('a push reaches the domain once, with who and what, moves the ref, and leaves no incoming ref', async () => {
  const commit = await client.commit({ 'a.txt': 'one' })
  const held: string[] = []
  friday.domain.run = async (push) => {
    held.push(...(await incoming()).map(({ sha }) => sha))
    return moveAll(friday.repositories, push)
  }
  const pushed = await client.git('push', '-o', 'nowait', '-o', 'note=a b', friday.url, 'main')
  expect(pushed.stderr).toContain('main -> main')
  expect(pushed.exitCode).toBe(0)
  expect(friday.pushes).toEqual([
    {
      id: expect.stringMatching(/^\d+-\w{16}$/),
      project: 'shop',
      repository: 'p1',
      actor: 'ada',
      options: ['nowait', 'note=a b'],
      commands: [{ ref: 'refs/heads/main', before: undefined, after: commit }],
      atomic: false,
    },
  ])
  expect(held).toEqual([commit])
  expect(await branches()).toEqual([{ name: 'main', sha: commit }])
  expect(await incoming()).toEqual([])
})

test('lines reach the client while the push is still running, without what drives a terminal', async () => {
  await client.commit({ 'a.txt': 'one' })
  const second = gate()
  friday.domain.run = async (push, say) => {
    say('building \u001b[31mred\u001b[0m\u0007 app\u202e')
    await second.opened
    say('second\nthird')
    return moveAll(friday.repositories, push)
  }
  const child = await spawnBare(['git', 'push', friday.url, 'main'], {
    cwd: client.folder,
    env: client.env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let seen = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    seen += chunk.toString()
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  expect(await waitFor(() => seen.includes('building'), { timeoutMs: 30_000 }), seen).toBe(true)
  expect(seen).toMatch(/^remote: building red app *$/m)
  expect(seen).not.toContain('second')
  second.open()
  expect(await ended).toBe(0)
  expect(seen).toMatch(/remote: second[\s\S]*remote: third/)
})

test('a refused ref refuses the push and leaves no object', async () => {
  const commit = await client.commit({ 'a.txt': 'one' })
  const before = await count()
  friday.domain.check = async (push) => [{ ref: push.commands[0]?.ref ?? '', refuse: 'Only a maintainer may push to main.\u001b[2J' }]
  const pushed = await client.git('push', friday.url, 'main', 'main:other')
  expect(pushed.exitCode).not.toBe(0)
  expect(pushed.stderr).toContain('refs/heads/main: Only a maintainer may push to main.')
  expect(pushed.stderr).not.toContain('\u001b[2J')
  expect(pushed.stderr.match(/pre-receive hook declined/g)).toHaveLength(2)
  expect(await count()).toBe(before)
  await expect(friday.repositories.resolve('p1', commit)).rejects.toMatchObject({ code: 'git.unknown_revision' })
  expect(friday.pushes).toEqual([])
})

test.each([
  ['refs/friday/releases/x', 'Only branches and tags'],
  ['refs/notes/x', 'Only branches and tags'],
  ['refs/heads/--upload-pack=touch', 'begins with a dash'],
  ['refs/heads/HEAD', 'HEAD'],
  [`refs/heads/${'x'.repeat(220)}`, 'longer than'],
])('a push to %s is refused, leaves no object and asks no domain', async (ref, why) => {
  await client.commit({ 'a.txt': 'one' })
  const before = await count()
  const pushed = await client.git('push', friday.url, `HEAD:${ref}`)
  expect(pushed.exitCode).not.toBe(0)
  expect(pushed.stderr).toContain(why)
  expect(await count()).toBe(before)
  expect(await friday.repositories.listRefs('p1', 'refs')).toEqual([])
  expect(friday.pushes).toEqual([])
})

test('two refs of one push may end differently, each with its reason', async () => {
  const commit = await client.commit({ 'a.txt': 'one' })
  friday.domain.run = async (push, say) => {
    say(`${push.commands.length} refs`)
    await friday.repositories.updateRef('p1', 'refs/heads/good', commit, undefined)
    return [
      { ref: 'refs/heads/good', ok: true },
      { ref: 'refs/heads/bad', ok: false, reason: 'The deployment failed:\n the old system goes on' },
    ]
  }
  const pushed = await client.git('push', friday.url, 'main:good', 'main:bad')
  expect(pushed.exitCode).toBe(1)
  expect(pushed.stderr).toContain('2 refs')
  expect(pushed.stderr).toMatch(/\[new branch\] +main -> good/)
  expect(pushed.stderr).toContain('(The deployment failed: the old system goes on)')
  expect(await branches()).toEqual([{ name: 'good', sha: commit }])
})

test('force push, delete, annotated tags and --atomic are ordinary commands', async () => {
  const first = await client.commit({ 'a.txt': 'one' })
  const second = await client.commit({ 'a.txt': 'two' })
  await client.ok('push', friday.url, 'main')
  await client.ok('reset', '-q', '--hard', first)
  const third = await client.commit({ 'a.txt': 'three' })
  expect((await client.git('push', friday.url, 'main')).exitCode).not.toBe(0)
  await client.ok('push', '--force', friday.url, 'main')
  expect(friday.pushes.at(-1)?.commands).toEqual([{ ref: 'refs/heads/main', before: second, after: third }])
  expect(await friday.repositories.isAncestor('p1', second, third)).toBe(false)
  expect(await friday.repositories.isAncestor('p1', first, third)).toBe(true)

  await client.ok('tag', '-a', 'v1', '-m', 'First')
  await client.ok('push', '--atomic', friday.url, 'v1', 'main:side')
  expect(friday.pushes.at(-1)).toMatchObject({ atomic: true })
  expect(await friday.repositories.resolve('p1', 'v1')).toBe(third)

  await client.ok('push', friday.url, ':side')
  expect(friday.pushes.at(-1)?.commands).toEqual([{ ref: 'refs/heads/side', before: third, after: undefined }])
  expect(await branches()).toEqual([{ name: 'main', sha: third }])
})

test('a domain that throws or forgets a ref is a refusal, and the objects stay', async () => {
  await client.commit({ 'a.txt': 'one' })
  friday.domain.run = async () => []
  expect((await client.git('push', friday.url, 'main')).stderr).toContain('(got no verdict)')
  friday.domain.run = async () => {
    throw new Error('password=hunter2')
  }
  const pushed = await client.git('push', friday.url, 'main')
  expect(pushed.exitCode).toBe(1)
  expect(pushed.stderr).toContain('its log says why')
  expect(pushed.stderr).not.toContain('hunter2')
  expect(await incoming()).toHaveLength(1)
})

test('a branch under a branch is refused with a reason that can be read', async () => {
  await client.commit({ 'a.txt': 'one' })
  await client.ok('push', friday.url, 'main:a')
  const pushed = await client.git('push', friday.url, 'main:a/b')
  expect(pushed.exitCode).toBe(1)
  expect(pushed.stderr).toContain('A branch cannot lie under another branch')
})

test('a lost client aborts the signal only: the work goes on and the ref moves', async () => {
  const commit = await client.commit({ 'a.txt': 'one' })
  const aborted = gate()
  const deployed = gate()
  friday.domain.run = async (push, say, signal) => {
    signal.addEventListener('abort', aborted.open)
    say('deploying')
    await deployed.opened
    say('nobody hears this')
    return moveAll(friday.repositories, push)
  }
  const child = await spawnBare(['git', 'push', friday.url, 'main'], {
    cwd: client.folder,
    env: client.env,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  let seen = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    seen += chunk.toString()
  })
  expect(await waitFor(() => seen.includes('deploying'), { timeoutMs: 30_000 }), seen).toBe(true)
  process.kill(-(child.pid ?? 0), 'SIGKILL')
  await aborted.opened
  expect(await branches()).toEqual([])
  expect(await incoming()).toHaveLength(1)
  deployed.open()
  expect(await waitFor(async () => (await branches())[0]?.sha === commit, { timeoutMs: 10_000 })).toBe(true)
  expect(await waitFor(async () => (await incoming()).length === 0, { timeoutMs: 10_000 })).toBe(true)
})

test('when the control plane lets go, the client is told that its push was received', async () => {
  await client.commit({ 'a.txt': 'one' })
  const begun = gate()
  const forever = gate()
  friday.domain.run = async (push) => {
    begun.open()
    await forever.opened
    return moveAll(friday.repositories, push)
  }
  const pushing = client.git('push', friday.url, 'main')
  await begun.opened
  await friday.http[Symbol.asyncDispose]()
  const pushed = await pushing
  forever.open()
  expect(pushed.exitCode).toBe(1)
  expect(pushed.stderr).toContain('Friday received the push, and its activity goes on')
  expect(pushed.stderr).toContain('(received, but how it ended is not known here)')
  expect(await waitFor(async () => (await branches()).length === 1, { timeoutMs: 10_000 })).toBe(true)
})

test('when nobody can be asked, nothing is taken', async () => {
  await client.commit({ 'a.txt': 'one' })
  const before = await count()
  await friday.http[Symbol.asyncDispose]()
  const pushed = await client.git('push', friday.url, 'main')
  expect(pushed.exitCode).not.toBe(0)
  expect(pushed.stderr).toContain('Nothing was changed; push again.')
  expect(await count()).toBe(before)
})

test('a push into the folder itself, past the address, is refused', async () => {
  await client.commit({ 'a.txt': 'one' })
  const pushed = await client.git('push', friday.repositories.git.pathOf('p1'), 'main')
  expect(pushed.exitCode).not.toBe(0)
  expect(pushed.stderr).toContain("Push to the project's address")
  expect(await branches()).toEqual([])
})

test('a large push streams, and one over the limit is refused with nothing left', async () => {
  await client.ok('config', 'core.compression', '0')
  const commit = await client.commit({ 'big.bin': randomBytes(30 * 1024 * 1024) })
  const before = process.memoryUsage().rss
  let peak = before
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss)
  }, 5)
  const pushed = await client.git('push', friday.url, 'main').finally(() => clearInterval(watch))
  expect(pushed.exitCode, pushed.stderr).toBe(0)
  expect(await friday.repositories.resolve('p1', 'main')).toBe(commit)
  expect(peak - before).toBeLessThan(25 * 1024 * 1024)

  const objects = await count()
  await client.commit({ 'bigger.bin': randomBytes(70 * 1024 * 1024) })
  const refused = await client.git('push', friday.url, 'main')
  expect(refused.exitCode).not.toBe(0)
  expect(refused.stderr).toContain('pack exceeds maximum allowed size')
  expect(await count()).toBe(objects)
})
