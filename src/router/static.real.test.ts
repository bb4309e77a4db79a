// Files beside an application: what is served, what is passed on, and what is never reached.
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Location } from './router.ts'
import { buildRouter, echo, place, raw, siteOf, startFixture, to, type App, type Fixture } from './fixture.suite.ts'

let fixture: Fixture
let app: App
let root: string

beforeAll(async () => {
  await buildRouter()
  fixture = await startFixture()
  app = await fixture.app(echo('app'))
  root = join(fixture.folder, 'web')
  await mkdir(join(root, 'docs'), { recursive: true })
  await writeFile(join(fixture.folder, 'secret.txt'), 'secret')
  await writeFile(join(root, 'hello.txt'), '0123456789')
  await writeFile(join(root, 'index.html'), '<h1>home</h1>')
  await writeFile(join(root, 'docs/index.html'), '<h1>docs</h1>')
  await writeFile(join(root, 'empty.css'), '')
  await writeFile(join(root, 'index.php'), '<?php $password = 1;')
  await writeFile(join(root, '.env'), 'secret')
  await symlink('../secret.txt', join(root, 'out.txt'))
  await symlink('..', join(root, 'up'))
  await symlink('hello.txt', join(root, 'in.txt'))
})
afterAll(async () => fixture[Symbol.asyncDispose]())

async function serve(...locations: Partial<Location>[]): Promise<void> {
  await fixture.router.apply(
    siteOf('a', [to(app.upstream, { locations: locations.map((extra) => place({ root, index: ['index.html'], ...extra })) })]),
  )
}

test('serves files with validators, caching headers and ranges', async () => {
  await serve({ passthru: false, expires: 600, headers: { 'x-kind': 'static' }, rules: [{ pattern: '\\.css$', expires: 5 }] })
  const whole = await fixture.ask('/hello.txt')
  expect(whole).toMatchObject({
    status: 200,
    body: '0123456789',
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'max-age=600', 'x-kind': 'static' },
  })
  expect(await fixture.ask('/empty.css')).toMatchObject({ status: 200, body: '', headers: { 'cache-control': 'max-age=5' } })
  expect(await fixture.ask('/hello.txt', { headers: { 'if-none-match': String(whole.headers.etag) } })).toMatchObject({
    status: 304,
    body: '',
  })
  expect(await fixture.ask('/hello.txt', { headers: { 'if-modified-since': String(whole.headers['last-modified']) } })).toMatchObject({
    status: 304,
  })
  expect(await fixture.ask('/hello.txt', { headers: { range: 'bytes=2-4' } })).toMatchObject({
    status: 206,
    body: '234',
    headers: { 'content-range': 'bytes 2-4/10' },
  })
  expect(await fixture.ask('/hello.txt', { headers: { range: 'bytes=-3' } })).toMatchObject({ status: 206, body: '789' })
  expect(await fixture.ask('/hello.txt', { headers: { range: 'bytes=20-' } })).toMatchObject({ status: 416 })
  expect(await fixture.ask('/hello.txt', { headers: { range: 'bytes=2-4', 'if-range': '"other"' } })).toMatchObject({ status: 200 })
  expect(await fixture.ask('/hello.txt', { method: 'HEAD' })).toMatchObject({ status: 200, body: '', headers: { 'content-length': '10' } })
  expect(await fixture.ask('/hello.txt', { method: 'POST' })).toMatchObject({ status: 405 })
  expect(await fixture.ask('/docs/')).toMatchObject({ status: 200, body: '<h1>docs</h1>' })
  expect(await fixture.ask('/docs?x=1')).toMatchObject({ status: 301, headers: { location: '/docs/?x=1' } })
  expect(await fixture.ask('/in.txt')).toMatchObject({ status: 200, body: '0123456789' })
  expect(await fixture.ask('/missing')).toMatchObject({ status: 404 })
})

test('passes what is no file on, as its passthru says', async () => {
  await serve({ passthru: true })
  expect(await fixture.ask('/hello.txt')).toMatchObject({ body: '0123456789' })
  expect(JSON.parse((await fixture.ask('/missing?x=1')).body)).toMatchObject({ name: 'app', url: '/missing?x=1' })
  expect(JSON.parse((await fixture.ask('/hello.txt', { method: 'POST' })).body)).toMatchObject({ method: 'POST', url: '/hello.txt' })
  await serve({ passthru: '/front?from=router' })
  expect(JSON.parse((await fixture.ask('/missing?x=1')).body)).toMatchObject({
    url: '/front?from=router&x=1',
    headers: { 'x-original-uri': '/missing?x=1' },
  })
  await serve({ passthru: '/index.html' })
  expect(await fixture.ask('/client/side/route')).toMatchObject({ status: 200, body: '<h1>home</h1>' })
  await serve({ passthru: true, allow: false, rules: [{ pattern: '\\.css$', allow: true }] })
  expect(JSON.parse((await fixture.ask('/hello.txt')).body)).toMatchObject({ url: '/hello.txt' })
  expect(await fixture.ask('/empty.css')).toMatchObject({ status: 200, body: '' })
})

test('never shows the source of a program', async () => {
  await serve({ passthru: '/index.php', index: ['index.php'] })
  for (const path of ['/index.php', '/', '/missing', '/index.php?x']) {
    const { body } = await fixture.ask(path)
    expect(JSON.parse(body)).toMatchObject({ name: 'app', url: expect.stringMatching(/^\/index\.php/) })
  }
  await serve({ passthru: false })
  expect((await fixture.ask('/index.php')).body).not.toContain('password')
})

test('a location below another has its own root and rules', async () => {
  await serve({ passthru: true, root: undefined }, { prefix: '/assets', root: join(root, 'docs'), passthru: false })
  expect(await fixture.ask('/assets/index.html')).toMatchObject({ body: '<h1>docs</h1>' })
  expect(await fixture.ask('/assets/other')).toMatchObject({ status: 404 })
  expect(JSON.parse((await fixture.ask('/assetsx')).body)).toMatchObject({ name: 'app' })
})

test.each([
  '/../secret.txt',
  '/%2e%2e/secret.txt',
  '/docs/..%2f..%2fsecret.txt',
  '/docs/%2e%2e/%2e%2e/secret.txt',
  '/..%5csecret.txt',
  '/..\\secret.txt',
  '/out.txt',
  '/up/secret.txt',
  '/hello.txt%00.css',
  '/%ff',
  '/.env',
  '/%2eenv',
  '/docs/../.env',
  '//etc/passwd',
])('%s leads nowhere', async (path) => {
  await serve({ passthru: false })
  const answer = await raw(fixture.port, `GET ${path} HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n`)
  expect(answer).toMatch(/^HTTP\/1\.1 40[04] /)
  expect(answer).not.toContain('secret')
})

test('a directory redirect cannot lead to another host', async () => {
  await serve({ passthru: false })
  const answer = await raw(fixture.port, 'GET //docs HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n')
  expect(answer).toContain('\r\nlocation: /docs/\r\n')
})
