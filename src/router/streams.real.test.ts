// Bodies, event streams and WebSockets: everything streams, nothing waits for its end, and both ends learn of a broken one.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { Agent } from 'undici'
import { waitFor } from '#lib/wait.ts'
import { buildRouter, place, raw, siteOf, startApp, startFixture, to, type Fixture } from './fixture.suite.ts'

const MEGABYTE = 1024 * 1024
let fixture: Fixture

beforeAll(async () => {
  await buildRouter()
  fixture = await startFixture()
})
afterAll(async () => fixture[Symbol.asyncDispose]())

test('a large upload and its large answer arrive whole', async () => {
  const app = await fixture.app((req, res) => void req.pipe(res))
  await fixture.router.apply(siteOf('a', [to(app.upstream)]))
  const chunks = Array.from({ length: 64 }, () => randomBytes(MEGABYTE))
  const agent = new Agent()
  const answer = await agent.request({
    origin: `http://127.0.0.1:${fixture.port}`,
    path: '/',
    method: 'POST',
    headers: { host: 'a.test' },
    body: Readable.from(chunks),
  })
  const received = createHash('sha256')
  for await (const chunk of answer.body) received.update(chunk)
  await agent.destroy()
  expect(received.digest('hex')).toBe(createHash('sha256').update(Buffer.concat(chunks)).digest('hex'))
})

test('a body over the limit is 413, announced or not, and the connection still works', async () => {
  let reached = 0
  const app = await fixture.app((req, res) => {
    reached++
    req.resume().on('end', () => res.end('ok'))
  })
  await fixture.router.apply(siteOf('a', [to(app.upstream, { locations: [place({ maxRequestBytes: 1000 })] })]))
  expect(await fixture.ask('/', { method: 'POST', body: 'x'.repeat(1000) })).toMatchObject({ status: 200 })
  expect(await fixture.ask('/', { method: 'POST', body: 'x'.repeat(1001) })).toMatchObject({ status: 413 })
  expect(reached).toBe(1)
  const chunked = `POST / HTTP/1.1\r\nhost: a.test\r\ntransfer-encoding: chunked\r\n\r\n7d0\r\n${'x'.repeat(2000)}\r\n0\r\n\r\n`
  const answers = await raw(fixture.port, `${chunked}GET / HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n`)
  expect(answers).toMatch(/^HTTP\/1\.1 413 /)
  expect(answers).toMatch(/HTTP\/1\.1 200 OK[^]*ok/)
})

test('a client that waits for 100 Continue hears it from the router only when it may send', async () => {
  const app = await fixture.app((req, res) => void req.pipe(res))
  await fixture.router.apply(siteOf('a', [to(app.upstream, { locations: [place({ maxRequestBytes: 10 })] })]))
  const head = 'POST / HTTP/1.1\r\nhost: a.test\r\nexpect: 100-continue\r\nconnection: close\r\n'
  expect(await raw(fixture.port, `${head}content-length: 2\r\n\r\nhi`)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK[^]*hi/)
  expect(await raw(fixture.port, `${head}content-length: 20\r\n\r\n${'x'.repeat(20)}`)).toMatch(/^HTTP\/1\.1 413 /)
})

test('an application may answer before it has read the body', async () => {
  const app = await fixture.app((_req, res) => void res.writeHead(401).end('no'))
  await fixture.router.apply(siteOf('a', [to(app.upstream)]))
  const answer = await fixture.ask('/', { method: 'POST', body: Buffer.alloc(8 * MEGABYTE) })
  expect(answer).toMatchObject({ status: 401, body: 'no' })
})

test('an event reaches the client before the stream ends, headers before the first event', async () => {
  const ends: (() => void)[] = []
  const app = await fixture.app((_req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    res.flushHeaders()
    ends.push(
      () => res.write('data: one\n\n'),
      () => res.end(),
    )
  })
  await fixture.router.apply(siteOf('a', [to(app.upstream)]))
  const answer = await open()
  expect(answer.headers['content-type']).toBe('text/event-stream')
  ends[0]?.()
  const [chunk] = await once(answer, 'data')
  expect(String(chunk)).toBe('data: one\n\n')
  ends[1]?.()
  await once(answer, 'end')
})

test('a client that goes away ends the request at the application', async () => {
  let gone = false
  const app = await fixture.app((_req, res) => {
    res.writeHead(200).write('first')
    res.on('close', () => (gone = true))
  })
  await fixture.router.apply(siteOf('a', [to(app.upstream)]))
  const answer = await open()
  await once(answer, 'data')
  expect(gone).toBe(false)
  answer.destroy()
  expect(await waitFor(() => gone, { timeoutMs: 5000 })).toBe(true)
  expect(await fixture.router.drained(app.upstream, 5000)).toBe(true)
  expect(await waitFor(async () => (await fixture.router.metrics('a')).inFlight === 0, { timeoutMs: 5000 })).toBe(true)
})

test('an application that dies in the middle cuts the connection instead of pretending an end', async () => {
  const app = await fixture.app((_req, res) => {
    res.writeHead(200, { 'content-length': '1000' }).write('part', () => res.destroy())
  })
  await fixture.router.apply(siteOf('a', [to(app.upstream)]))
  await expect(fixture.ask('/')).rejects.toThrow()
  expect((await fixture.router.metrics('a')).inFlight).toBe(0)
})

test('a slow client slows the application down instead of filling memory', async () => {
  let written = 0
  const app = await fixture.app((_req, res) => {
    const chunk = Buffer.alloc(MEGABYTE)
    function more(): void {
      while (written < 512 * MEGABYTE && !res.destroyed) {
        written += chunk.length
        if (!res.write(chunk)) return void res.once('drain', more)
      }
      res.end()
    }
    more()
  })
  await fixture.router.apply(siteOf('a', [to(app.upstream)]))
  const answer = await open()
  await once(answer, 'readable')
  let last = -1
  expect(await waitFor(() => written === last || void (last = written), { timeoutMs: 10_000, everyMs: 300 })).toBe(true)
  expect(written).toBeLessThan(100 * MEGABYTE)
  answer.destroy()
  expect(await fixture.router.drained(app.upstream, 5000)).toBe(true)
})

test('connections are kept alive on both sides', async () => {
  const sockets = new Set<unknown>()
  const app = await fixture.app((req, res) => {
    sockets.add(req.socket)
    res.end('ok')
  })
  await fixture.router.apply(siteOf('a', [to(app.upstream)]))
  const get = 'GET / HTTP/1.1\r\nhost: a.test\r\n'
  const answers = await raw(fixture.port, `${`${get}\r\n`.repeat(9)}${get}connection: close\r\n\r\n`)
  expect(answers.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(10)
  for (let count = 0; count < 10; count++) expect(await fixture.ask('/')).toMatchObject({ status: 200 })
  // Requests sent together in one packet may each need one; those that follow each other must not.
  expect(sockets.size).toBeLessThan(11)
})

test('a GET whose kept-alive connection died is asked again, a POST is not', async () => {
  let seen = 0
  const app = await fixture.app((req, res) => {
    seen++
    if (seen === 1) req.socket.destroy()
    else res.end('again')
  })
  await fixture.router.apply(siteOf('a', [to(app.upstream)]))
  expect(await fixture.ask('/')).toMatchObject({ status: 200, body: 'again' })
  seen = 0
  expect(await fixture.ask('/', { method: 'POST', body: 'x' })).toMatchObject({ status: 502 })
  expect(seen).toBe(1)
})

test('a WebSocket passes both ways and counts as in flight', async () => {
  const app = await startApp((_req, res) => void res.writeHead(426).end('upgrade'))
  const server = new WebSocketServer({ server: app.server })
  server.on('connection', (socket, req) => socket.on('message', (data) => socket.send(`${req.headers['x-client-ip']} ${String(data)}`)))
  await fixture.router.apply(siteOf('a', [to(app.upstream, { locations: [place()] })]))
  const socket = new WebSocket(`ws://127.0.0.1:${fixture.port}/chat`, { headers: { host: 'a.test' } })
  await once(socket, 'open')
  socket.send('hello')
  const [message] = await once(socket, 'message')
  expect(String(message)).toBe('127.0.0.1 hello')
  expect(await fixture.router.metrics('a')).toMatchObject({ inFlight: 1 })
  expect(await fixture.router.drained(app.upstream, 50)).toBe(false)
  socket.close()
  expect(await fixture.router.drained(app.upstream, 5000)).toBe(true)
  expect(await waitFor(async () => (await fixture.router.metrics('a')).inFlight === 0, { timeoutMs: 5000 })).toBe(true)
  server.close()
  await app.stop()
})

test('a handshake that is refused is an ordinary answer, and its connection ends', async () => {
  const app = await fixture.app((_req, res) => void res.writeHead(403).end('not you'))
  app.server.on('upgrade', (_req, socket) => socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 7\r\n\r\nnot you'))
  await fixture.router.apply(siteOf('a', [to(app.upstream)]))
  const handshake =
    'GET / HTTP/1.1\r\nhost: a.test\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
  const answer = await raw(fixture.port, `${handshake}GET /smuggled HTTP/1.1\r\nhost: a.test\r\n\r\n`)
  expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden[^]*not you$/)
  const other = 'GET / HTTP/1.1\r\nhost: a.test\r\nconnection: Upgrade\r\nupgrade: h2c\r\n\r\n'
  expect(await raw(fixture.port, other)).toMatch(/^HTTP\/1\.1 403 Forbidden[^]*\r\nnot you\r\n0\r\n\r\n$/)
})

test('a client that vanishes while its request waits is forgotten', async () => {
  let reached = 0
  const app = await fixture.app((_req, res) => {
    reached++
    res.end('ok')
  })
  await fixture.router.apply(siteOf('a', [to(app.upstream)]))
  await fixture.router.hold('a', { maxMs: 60_000, maxRequests: 10 })
  const socket = connect(fixture.port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nhost: a.test\r\n\r\n')
  expect(await waitFor(async () => (await fixture.router.metrics('a')).inFlight === 1, { timeoutMs: 5000 })).toBe(true)
  socket.destroy()
  expect(await waitFor(async () => (await fixture.router.metrics('a')).inFlight === 0, { timeoutMs: 5000 })).toBe(true)
  await fixture.router.release('a')
  expect(await fixture.ask('/')).toMatchObject({ body: 'ok' })
  expect(reached).toBe(1)
})

async function open(): Promise<IncomingMessage> {
  const asked = httpRequest({ host: '127.0.0.1', port: fixture.port, headers: { host: 'a.test' }, agent: false })
  asked.end()
  const [answer] = await once(asked, 'response')
  return answer
}

test('an answer without a length arrives whole', async () => {
  const app = await fixture.app((_req, res) => void res.write('a', () => res.end('b')))
  await fixture.router.apply(siteOf('a', [to(app.upstream)]))
  expect(String(await buffer(await open()))).toBe('ab')
})

test.each([1, 256, 16 * 1024, 16 * 1024 + 1])('an answer of %i bytes arrives byte for byte', async (length) => {
  const bytes = Buffer.from(Array.from({ length }, (_, index) => index % 256))
  const app = await fixture.app((_req, res) => void res.writeHead(200, { 'content-length': length, 'x-name': 'caf\u00e9' }).end(bytes))
  await fixture.router.apply(siteOf('a', [to(app.upstream)]))
  const answer = await open()
  expect(answer.headers['x-name']).toBe('caf\u00e9')
  expect(Buffer.compare(await buffer(answer), bytes)).toBe(0)
})
