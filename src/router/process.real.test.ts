// The router as a process: it outlives its client, comes back whole after a kill, and is nobody once it listens.
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Agent } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exec, execOk } from '#lib/exec.ts'
import { waitFor } from '#lib/wait.ts'
import { startRouter, type RouterOptions } from './client.ts'
import { buildRouter, echo, siteOf, startFixture, to, type App, type Fixture } from './fixture.suite.ts'

let fixture: Fixture
let app: App

beforeAll(async () => {
  await buildRouter()
  fixture = await startFixture()
  app = await fixture.app(echo('app'))
  await fixture.router.apply(siteOf('a', [to(app.upstream)]))
})
afterAll(async () => fixture[Symbol.asyncDispose]())

test('the death of its client leaves it serving, and the next client finds it', async () => {
  const script = join(fixture.folder, 'client.mjs')
  const options = another('second')
  const client = new URL('../../dist/router/client.js', import.meta.url).href
  await writeFile(
    script,
    `import { startRouter } from ${JSON.stringify(client)}
     const router = await startRouter(${JSON.stringify(options)})
     await router.apply(${JSON.stringify(siteOf('b', [to(app.upstream)]))})
     console.log((await router.address()).port)
     process.kill(process.pid, 'SIGKILL')`,
  )
  const { stdout, signal } = await exec([process.execPath, script])
  expect(signal).toBe('SIGKILL')
  const again = await startRouter(options)
  expect((await again.address()).port).toBe(Number(stdout))
  expect((await again.sites()).map(({ id }) => id)).toEqual(['b'])
  await again.shutdown()
})

test('killed and started again it has its sites and holds back', async () => {
  const pid = await pidOf(fixture)
  const held = { maxMs: 60_000, maxRequests: 10 }
  await fixture.router.hold('a', held)
  process.kill(pid, 'SIGKILL')
  expect(
    await waitFor(
      async () =>
        fixture.router
          .sites()
          .then(() => false)
          .catch(() => true),
      { timeoutMs: 5000 },
    ),
  ).toBe(true)
  const again = await startRouter(fixture.options)
  const { port } = await again.address()
  expect(await again.sites()).toEqual([siteOf('a', [to(app.upstream)])])
  const agent = new Agent()
  let answered = false
  const waiting = agent
    .request({ origin: `http://127.0.0.1:${port}`, path: '/', method: 'GET', headers: { host: 'a.test' } })
    .finally(() => (answered = true))
  expect(await waitFor(async () => (await again.metrics('a')).inFlight === 1, { timeoutMs: 5000 })).toBe(true)
  expect(answered).toBe(false)
  await again.release('a')
  expect(await (await waiting).body.json()).toMatchObject({ name: 'app' })
  await agent.destroy()
  // The first client goes on with the new process.
  expect((await fixture.router.sites()).length).toBe(1)
  await again[Symbol.asyncDispose]()
})

test.runIf(process.getuid?.() === 0)('is not root once it listens, and nobody else may reach its control socket', async () => {
  const pid = await pidOf(fixture)
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  expect(status).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m)
  expect(status).toMatch(/^Gid:\t65534\t65534\t65534\t65534$/m)
  expect(status).toMatch(/^Groups:\t65534 $/m)
  expect(status).toMatch(/^CapEff:\t0+$/m)
  expect((await stat(fixture.options.folder)).mode & 0o777).toBe(0o700)
  expect((await stat(join(fixture.options.folder, 'control.sock'))).mode & 0o777).toBe(0o600)
  expect((await stat(join(fixture.options.folder, 'sites.json'))).mode & 0o777).toBe(0o600)
  const session = await execOk(['ps', '-o', 'sid=', '-p', String(pid)])
  expect(Number(session)).toBe(pid)
})

test('other settings replace the running one, and its sites stay', async () => {
  const before = await pidOf(fixture)
  const options = { ...fixture.options, version: '2' }
  const next = await startRouter(options)
  expect((await next.sites()).map(({ id }) => id)).toEqual(['a'])
  await next[Symbol.asyncDispose]()
  const after = await pidOf(fixture)
  expect(after).not.toBe(before)
})

test('an address that is taken is an error that says so', async () => {
  const { port } = await fixture.router.address()
  const taken = { ...another('third'), listen: { host: '127.0.0.1', port } }
  await expect(startRouter(taken)).rejects.toMatchObject({ code: 'router.not_started', message: expect.stringContaining('EADDRINUSE') })
})

test('ends on SIGTERM', async () => {
  process.kill(await pidOf(fixture), 'SIGTERM')
  expect(
    await waitFor(
      async () =>
        fixture.router
          .sites()
          .then(() => false)
          .catch(() => true),
      { timeoutMs: 10_000 },
    ),
  ).toBe(true)
  expect(await readFile(fixture.options.log, 'utf8')).toContain('the router ends')
})

function another(name: string): RouterOptions {
  return { ...fixture.options, folder: join(fixture.folder, name), log: join(fixture.folder, `${name}.log`) }
}

async function pidOf({ options }: Fixture): Promise<number> {
  const pids = [...(await readFile(options.log, 'utf8')).matchAll(/"pid":(\d+)/g)]
  return Number(pids.at(-1)?.[1])
}
