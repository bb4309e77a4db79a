// Which request reaches which application, and what the router answers itself.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildRouter, echo, place, siteOf, startFixture, to, type App, type Fixture } from './fixture.suite.ts'

let fixture: Fixture
let one: App
let two: App

beforeAll(async () => {
  await buildRouter()
  fixture = await startFixture({ privateProxies: true })
  one = await fixture.app(echo('one'))
  two = await fixture.app(echo('two'))
})
afterAll(async () => fixture[Symbol.asyncDispose]())

test.each([
  ['a.test', '/', 'one'],
  ['A.TEST:8080', '/', 'one'],
  ['a.test.', '/', 'one'],
  ['a.test', '/api', 'two'],
  ['a.test', '/api/x?y=1', 'two'],
  ['a.test', '/apix', 'one'],
  ['x.a.test', '/', 'two'],
  ['deep.x.a.test', '/', 'two'],
  ['exact.a.test', '/', 'one'],
])('%s%s reaches %s', async (host, path, name) => {
  await fixture.router.apply(
    siteOf('table', [
      to(one.upstream),
      to(two.upstream, { path: '/api/' }),
      to(two.upstream, { host: '*.a.test' }),
      to(one.upstream, { host: 'exact.a.test' }),
    ]),
  )
  const { status, body } = await fixture.ask(path, { host })
  expect({ status, ...JSON.parse(body) }).toMatchObject({ status: 200, name, url: path })
  await fixture.router.remove('table')
})

test('says who the client is and what route it came by, and lets nobody else say so', async () => {
  await fixture.router.apply(siteOf('a', [to(one.upstream)], { headers: { 'x-robots-tag': 'noindex' } }))
  const headers = {
    'x-forwarded-for': '6.6.6.6',
    'x-client-ip': '6.6.6.6',
    'x-forwarded-proto': 'https',
    forwarded: 'for=6.6.6.6',
    'x-original-url': '/admin',
    'x-mine': 'yes',
  }
  const answer = await fixture.ask('/', { host: 'a.test:81', headers })
  expect(answer.headers['x-robots-tag']).toBe('noindex')
  const seen = JSON.parse(answer.body).headers
  expect(seen).toMatchObject({
    host: 'a.test:81',
    'x-forwarded-for': '127.0.0.1',
    'x-client-ip': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'a.test:81',
    'x-forwarded-port': '81',
    'x-client-ssl': 'off',
    'x-original-route': 'https://{default}/',
    'x-mine': 'yes',
  })
  expect(seen).not.toHaveProperty('forwarded')
  expect(seen).not.toHaveProperty('x-original-url')
})

test('an unknown host is 404, a notice 503 with Retry-After, a route without application 404, a dead application 502', async () => {
  const { router, ask } = fixture
  expect(await ask('/', { host: 'nobody.test' })).toMatchObject({ status: 404 })
  await router.apply(siteOf('a', [to(one.upstream)], { notice: 'This environment is paused.' }))
  expect(await ask('/')).toMatchObject({ status: 503, body: 'This environment is paused.\n', headers: { 'retry-after': '30' } })
  await router.apply(siteOf('a', [to(undefined)]))
  expect(await ask('/')).toMatchObject({ status: 404 })
  const dead = await fixture.app(echo('dead'))
  await dead.stop()
  await router.apply(siteOf('a', [to(dead.upstream)]))
  const before = await router.metrics('a')
  const answer = await ask('/')
  expect(answer).toMatchObject({ status: 502, body: 'The application did not answer.\n' })
  expect(await router.metrics('a')).toEqual({ requests: before.requests + 1, serverErrors: before.serverErrors + 1, inFlight: 0 })
})

test('redirects whole routes and paths', async () => {
  const rule = { regexp: false, prefix: true, appendSuffix: true, code: 302, expires: -1 } as const
  await fixture.router.apply(
    siteOf('a', [
      {
        kind: 'redirect',
        host: 'www.a.test',
        path: '/',
        original: 'https://www.{default}/',
        redirects: [],
        to: 'https://a.test/',
        code: 301,
      },
      to(one.upstream, {
        redirects: [
          { ...rule, from: '/old', to: '/new' },
          { ...rule, from: '^/user/(\\d+)$', to: '/u?id=$1', regexp: true, code: 308, expires: 60 },
        ],
      }),
    ]),
  )
  expect(await fixture.ask('/x/y?z=1', { host: 'www.a.test' })).toMatchObject({
    status: 301,
    headers: { location: 'https://a.test/x/y?z=1' },
  })
  expect(await fixture.ask('/old/page?z=1')).toMatchObject({ status: 302, headers: { location: '/new/page?z=1' } })
  expect(await fixture.ask('/user/42')).toMatchObject({ status: 308, headers: { location: '/u?id=42', 'cache-control': 'max-age=60' } })
  expect(await fixture.ask('/older')).toMatchObject({ status: 200 })
})

test('a proxy route asks the other site under its own name', async () => {
  const { port } = two.upstream
  const route = { kind: 'proxy', host: 'a.test', path: '/shop/', original: 'https://{default}/shop', redirects: [] } as const
  await fixture.router.apply(siteOf('a', [to(one.upstream), { ...route, to: `http://localhost:${port}/base/` }]))
  const seen = JSON.parse((await fixture.ask('/shop/cart?x=1')).body)
  expect(seen).toMatchObject({ name: 'two', url: '/base/cart?x=1', headers: { host: `localhost:${port}`, 'x-forwarded-host': 'a.test' } })
})

test('a host of another site is refused and nothing changes', async () => {
  await fixture.router.apply(siteOf('a', [to(one.upstream)]))
  await expect(fixture.router.apply(siteOf('b', [to(two.upstream, { host: 'b.test' }), to(two.upstream)]))).rejects.toMatchObject({
    code: 'router.host_taken',
    status: 409,
    message: expect.stringContaining('a.test'),
  })
  expect(JSON.parse((await fixture.ask('/')).body).name).toBe('one')
  expect(await fixture.ask('/', { host: 'b.test' })).toMatchObject({ status: 404 })
  expect((await fixture.router.sites()).map(({ id }) => id)).toEqual(['a'])
})

test('names of object prototypes are ordinary sites', async () => {
  for (const id of ['__proto__', 'constructor', 'toString']) {
    await fixture.router.apply(siteOf(id, [to(one.upstream, { host: `${id.replaceAll('_', '').toLowerCase()}.test` })]))
    expect(await fixture.ask('/', { host: `${id.replaceAll('_', '').toLowerCase()}.test` })).toMatchObject({ status: 200 })
    expect(await fixture.router.metrics(id)).toMatchObject({ requests: 1 })
    await fixture.router.remove(id)
  }
  await expect(fixture.router.metrics('constructor')).rejects.toMatchObject({ code: 'router.unknown_site' })
})

test('a site that cannot work is refused by name', async () => {
  const bad = place({ rules: [{ pattern: '(' }] })
  await expect(fixture.router.apply(siteOf('a', [to(one.upstream, { locations: [bad] })]))).rejects.toMatchObject({
    code: 'router.bad_pattern',
    message: expect.stringContaining('site a, route https://{default}/, location /'),
  })
})
