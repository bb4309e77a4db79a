// Deployments as the router sees them: strict swaps under load, holding and releasing.
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '#lib/wait.ts'
import { buildRouter, echo, siteOf, startFixture, to, type Fixture } from './fixture.suite.ts'

let fixture: Fixture

beforeAll(async () => {
  await buildRouter()
  fixture = await startFixture()
})
afterAll(async () => fixture[Symbol.asyncDispose]())

test('fifty swaps under reads and writes: no request fails, none goes to an application that was replaced', async () => {
  const { router } = fixture
  let app = await fixture.app(echo('0'))
  await router.apply(siteOf('a', [to(app.upstream)]))
  const failed: string[] = []
  let live = 0
  let requests = 0
  const load = { going: true }
  async function keepAsking(method: 'GET' | 'POST'): Promise<void> {
    while (load.going) {
      const sentAt = live
      requests++
      const answer = await fixture
        .ask('/', { method, ...(method === 'POST' ? { body: 'x'.repeat(20_000) } : {}) })
        .catch((error: Error) => ({ status: 0, body: String(error) }))
      if (answer.status !== 200) failed.push(`${method} ${answer.status} ${answer.body}`)
      else if (Number(JSON.parse(answer.body).name) < sentAt) failed.push(`${method} answered by ${answer.body} after swap ${sentAt}`)
    }
  }
  const clients = [
    keepAsking('GET'),
    keepAsking('GET'),
    keepAsking('GET'),
    keepAsking('GET'),
    keepAsking('POST'),
    keepAsking('POST'),
    keepAsking('POST'),
    keepAsking('POST'),
  ]
  for (let generation = 1; generation <= 50; generation++) {
    const next = await fixture.app(echo(String(generation)))
    await router.apply(siteOf('a', [to(next.upstream)]))
    live = generation
    expect(await router.drained(app.upstream, 10_000)).toBe(true)
    await app.stop()
    app = next
  }
  load.going = false
  await Promise.all(clients)
  expect(failed).toEqual([])
  expect(requests).toBeGreaterThan(100)
})

test('a request in flight goes on to its end at the application that was replaced', async () => {
  const { router } = fixture
  const answers: (() => void)[] = []
  const old = await fixture.app((_req, res) => void answers.push(() => res.end('old')))
  const next = await fixture.app((_req, res) => void res.end('next'))
  await router.apply(siteOf('a', [to(old.upstream)]))
  const slow = fixture.ask('/')
  expect(await waitFor(() => answers.length === 1, { timeoutMs: 5000 })).toBe(true)
  await router.apply(siteOf('a', [to(next.upstream)]))
  expect(await fixture.ask('/')).toMatchObject({ body: 'next' })
  expect(await router.drained(old.upstream, 20)).toBe(false)
  const drained = router.drained(old.upstream, 10_000)
  answers[0]?.()
  expect(await slow).toMatchObject({ status: 200, body: 'old' })
  expect(await drained).toBe(true)
})

test('held requests wait in order, go to the new application, and those too many are 503', async () => {
  const { router } = fixture
  const old = await fixture.app((_req, res) => void res.end('old'))
  const order: string[] = []
  const next = await fixture.app((req, res) => {
    order.push(req.url ?? '')
    req.resume().on('end', () => res.end('next'))
  })
  await router.apply(siteOf('a', [to(old.upstream)]))
  await router.hold('a', { maxMs: 60_000, maxRequests: 5 })
  const { inFlight } = await router.metrics('a')
  expect(inFlight).toBe(0)
  const held: ReturnType<typeof fixture.ask>[] = []
  for (let number = 0; number < 5; number++) {
    held.push(fixture.ask(`/${number}`, number % 2 === 0 ? {} : { method: 'POST', body: 'x'.repeat(100_000) }))
    expect(await waitFor(async () => (await router.metrics('a')).inFlight === number + 1, { timeoutMs: 5000 })).toBe(true)
  }
  expect(await fixture.ask('/too-many')).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
  await router.apply(siteOf('a', [to(next.upstream)]))
  await router.release('a')
  expect((await Promise.all(held)).map(({ body }) => body)).toEqual(['next', 'next', 'next', 'next', 'next'])
  // Each leaves on a connection of its own, so only the router can vouch for the order: hold.test.ts does.
  expect(order.toSorted()).toEqual(['/0', '/1', '/2', '/3', '/4'])
})

test('requests of one connection keep their order through a hold', async () => {
  const { router } = fixture
  const app = await fixture.app((req, res) => void res.end(req.url))
  await router.apply(siteOf('a', [to(app.upstream)]))
  await router.hold('a', { maxMs: 60_000, maxRequests: 10 })
  const socket = connect(fixture.port, '127.0.0.1')
  socket.write(['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nhost: a.test\r\n\r\n`).join(''))
  socket.write('GET /4 HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n')
  expect(await waitFor(async () => (await router.metrics('a')).inFlight === 4, { timeoutMs: 5000 })).toBe(true)
  await router.release('a')
  const bodies = [...(await text(socket)).matchAll(/\r\n\r\n(\/\d)/g)].map(([, body]) => body)
  expect(bodies).toEqual(['/1', '/2', '/3', '/4'])
})

test('a hold ends by itself: who waited gets 503, who comes later passes', async () => {
  const { router } = fixture
  const app = await fixture.app(echo('app'))
  await router.apply(siteOf('a', [to(app.upstream)]))
  await router.hold('a', { maxMs: 100, maxRequests: 10 })
  expect(await fixture.ask('/')).toMatchObject({ status: 503, body: 'This site is being updated. Try again in a moment.\n' })
  expect(await fixture.ask('/')).toMatchObject({ status: 200 })
})

test('holding writes only lets readers go on', async () => {
  const { router } = fixture
  const app = await fixture.app(echo('app'))
  await router.apply(siteOf('a', [to(app.upstream)]))
  await router.hold('a', { maxMs: 60_000, maxRequests: 10, writesOnly: true })
  const write = fixture.ask('/', { method: 'POST', body: 'x' })
  expect(await waitFor(async () => (await router.metrics('a')).inFlight === 1, { timeoutMs: 5000 })).toBe(true)
  expect(await fixture.ask('/')).toMatchObject({ status: 200 })
  await router.release('a')
  expect(await write).toMatchObject({ status: 200 })
})
