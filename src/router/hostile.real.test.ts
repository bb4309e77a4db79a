// What a hostile client or project may try on the router itself.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { buildRouter, echo, place, raw, siteOf, startFixture, to, type App, type Fixture } from './fixture.suite.ts'

let fixture: Fixture
let app: App

beforeAll(async () => {
  await buildRouter()
  fixture = await startFixture()
  app = await fixture.app(echo('app'))
})
afterAll(async () => fixture[Symbol.asyncDispose]())
beforeEach(async () => fixture.router.apply(siteOf('a', [to(app.upstream)])))

test.each([
  ['no host', 'GET / HTTP/1.1\r\n', /^HTTP\/1\.1 400 /],
  ['two hosts', 'GET / HTTP/1.1\r\nhost: a.test\r\nhost: b.test\r\n', /^HTTP\/1\.1 400 /],
  ['a host with a path', 'GET / HTTP/1.1\r\nhost: a.test/x\r\n', /^HTTP\/1\.1 404 /],
  ['a host with a user', 'GET / HTTP/1.1\r\nhost: a.test@b.test\r\n', /^HTTP\/1\.1 404 /],
  ['a host list', 'GET / HTTP/1.1\r\nhost: a.test, b.test\r\n', /^HTTP\/1\.1 404 /],
  ['a prototype name as host', 'GET / HTTP/1.1\r\nhost: __proto__\r\n', /^HTTP\/1\.1 404 /],
  ['an absolute target of another host', 'GET http://b.test/ HTTP/1.1\r\nhost: a.test\r\n', /^HTTP\/1\.1 400 /],
  ['an absolute target of the same host', 'GET http://a.test/x HTTP/1.1\r\nhost: a.test\r\n', /"url":"\/x"/],
  ['an asterisk', 'OPTIONS * HTTP/1.1\r\nhost: a.test\r\n', /^HTTP\/1\.1 400 /],
  ['a way out of the root', 'GET /../../etc/passwd HTTP/1.1\r\nhost: a.test\r\n', /^HTTP\/1\.1 400 /],
  ['a NUL in the path', 'GET /%00 HTTP/1.1\r\nhost: a.test\r\n', /^HTTP\/1\.1 400 /],
  ['both lengths', 'POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n', /^HTTP\/1\.1 400 /],
  ['two lengths', 'POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 5\r\ncontent-length: 6\r\n', /^HTTP\/1\.1 400 /],
  ['a strange coding', 'POST / HTTP/1.1\r\nhost: a.test\r\ntransfer-encoding: xchunked\r\n', /^HTTP\/1\.1 400 /],
  ['a space before the colon', 'GET / HTTP/1.1\r\nhost : a.test\r\n', /^HTTP\/1\.1 400 /],
  ['a bare line feed', 'GET / HTTP/1.1\nhost: a.test\n', /^HTTP\/1\.1 400 /],
  ['endless headers', `GET / HTTP/1.1\r\nhost: a.test\r\nx: ${'y'.repeat(100_000)}\r\n`, /^HTTP\/1\.1 431 /],
  [
    'a handshake with a body',
    'GET / HTTP/1.1\r\nhost: a.test\r\nconnection: upgrade\r\nupgrade: websocket\r\ncontent-length: 3\r\n',
    /^HTTP\/1\.1 400 /,
  ],
])('%s', async (_name, head, answer) => {
  expect(await raw(fixture.port, `${head}connection: close\r\n\r\n`)).toMatch(answer)
  // And the router goes on.
  expect(await fixture.ask('/')).toMatchObject({ status: 200 })
})

test('a client that sends more than is read still gets its answer', async () => {
  const endless = `GET / HTTP/1.1\r\nhost: a.test\r\nx: ${'y'.repeat(8 * 1024 * 1024)}\r\n\r\n`
  for (let round = 0; round < 5; round++) expect(await raw(fixture.port, endless)).toMatch(/^HTTP\/1\.1 431 /)
  const body = 8 * 1024 * 1024
  const refused = `POST /%00 HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\ncontent-length: ${body}\r\n\r\n${'y'.repeat(body)}`
  for (let round = 0; round < 5; round++) expect(await raw(fixture.port, refused)).toMatch(/^HTTP\/1\.1 400 /)
})

test('a client cannot make the router drop or forge headers by naming them in Connection', async () => {
  const answer = await raw(
    fixture.port,
    'GET / HTTP/1.1\r\nhost: a.test\r\nx-mine: 1\r\ncookie: c=1\r\ntransfer-encoding:\r\nX-FORWARDED-FOR: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nconnection: close, x-mine, x-client-ip, cookie\r\n\r\n',
  )
  if (answer.startsWith('HTTP/1.1 400')) return
  const seen = JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)).headers
  expect(seen).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-client-ip': '127.0.0.1', cookie: 'c=1' })
  expect(seen).not.toHaveProperty('x-mine')
})

test('hop-by-hop headers of the answer stay with the hop', async () => {
  const other = await fixture.app(
    (_req, res) =>
      void res
        .writeHead(200, { connection: 'keep-alive, x-hop', 'x-hop': '1', 'keep-alive': 'timeout=1', 'proxy-connection': 'x', 'x-end': '1' })
        .end('ok'),
  )
  await fixture.router.apply(siteOf('a', [to(other.upstream)]))
  const { headers } = await fixture.ask('/')
  expect(headers).toMatchObject({ 'x-end': '1', 'keep-alive': 'timeout=75' })
  expect(headers).not.toHaveProperty('x-hop')
  expect(headers).not.toHaveProperty('proxy-connection')
})

test.each([
  [
    'a header in a redirect target',
    to(
      { host: '127.0.0.1', port: 1 },
      { redirects: [{ from: '/x', to: '/y\r\nset-cookie: a=1', regexp: false, prefix: true, appendSuffix: true, code: 302, expires: -1 }] },
    ),
  ],
  [
    'a script as redirect target',
    { kind: 'redirect', host: 'a.test', path: '/', original: 'x', redirects: [], to: 'javascript:alert(1)', code: 301 } as const,
  ],
  ['a line break in a header', to(undefined, { locations: [place({ headers: { 'x-a': 'b\r\nset-cookie: a=1' } })] })],
  ['a length as header', to(undefined, { locations: [place({ headers: { 'Content-Length': '0' } })] })],
  ['a file as proxy', { kind: 'proxy', host: 'a.test', path: '/', original: 'x', redirects: [], to: 'file:///etc/passwd' } as const],
  ['a pattern that runs for ever', to(undefined, { locations: [place({ rules: [{ pattern: '^(?!x)(a+)+$' }] })] })],
])('a project with %s is refused, and the former site stays', async (_name, route) => {
  await expect(fixture.router.apply(siteOf('a', [route]))).rejects.toMatchObject({ status: 422 })
  expect(await fixture.ask('/')).toMatchObject({ status: 200 })
})

test('a suffix cannot lead a redirect to another host', async () => {
  const redirect = { from: '/old', to: '/', regexp: false, prefix: true, appendSuffix: true, code: 302, expires: -1 } as const
  await fixture.router.apply(siteOf('a', [to(app.upstream, { redirects: [redirect] })]))
  const answer = await raw(fixture.port, 'GET /old//evil.test/%0d%0aset-cookie:a=1 HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n')
  expect(answer).toContain('\r\nlocation: /evil.test/%0d%0aset-cookie:a=1\r\n')
})

test.each([
  'http://127.0.0.1:PORT/',
  'http://localhost:PORT/',
  'http://2130706433:PORT/',
  'http://0x7f.1:PORT/',
  'http://[::ffff:127.0.0.1]:PORT/',
  'http://[::1]:PORT/',
])('a proxy route to %s does not lead inside', async (url) => {
  const proxied = {
    kind: 'proxy',
    host: 'a.test',
    path: '/',
    original: 'x',
    redirects: [],
    to: url.replace('PORT', String(app.upstream.port)),
  } as const
  const refused = await fixture.router.apply(siteOf('a', [proxied])).then(
    () => false,
    () => true,
  )
  if (!refused) expect(await fixture.ask('/')).toMatchObject({ status: 502 })
})

test('a pattern of a project cannot stop the router', async () => {
  const location = place({ rules: [{ pattern: '^/(a+)+$', expires: 1 }] })
  await fixture.router.apply(siteOf('a', [to(app.upstream, { locations: [location] })]))
  expect(await fixture.ask(`/${'a'.repeat(3000)}!`)).toMatchObject({ status: 200 })
})
