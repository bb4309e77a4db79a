// Cloning and fetching over HTTP, and what the endpoint says to everything that is not an honest client.
import { request as httpRequest } from 'node:http'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { waitFor } from '#lib/wait.ts'
import { newClient, startHarness, TOKEN, type Client, type Harness } from './harness.suite.ts'
import { encodePkt, FLUSH } from './pkt-line.ts'

let friday: Harness
let client: Client
let commit: string

beforeEach(async () => {
  friday = await startHarness({ maxInputSize: 1024 * 1024 })
  client = await newClient(friday.root)
  commit = await client.commit({ 'a.txt': 'one', 'b/c.txt': 'two' })
  await client.ok('push', friday.url, 'main')
})

afterEach(async () => {
  await friday[Symbol.asyncDispose]()
})

const BASIC = `Basic ${Buffer.from(`x:${TOKEN}`).toString('base64')}`

interface Answer {
  readonly status: number | undefined
  readonly headers: Record<string, unknown>
  readonly body: string
}

/** A raw request, so that paths and headers go out as they are written. */
function send(path: string, options: { method?: string; headers?: Record<string, string>; body?: Buffer } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(friday.origin)
    const outgoing = httpRequest(
      { hostname, port, path, method: options.method ?? 'GET', headers: { authorization: BASIC, ...options.headers } },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        // Not at the answer's end: an early answer must not keep the rest of the body from being read.
        outgoing.on('close', () =>
          resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() }),
        )
      },
    )
    outgoing.on('error', reject)
    outgoing.end(options.body)
  })
}

const post = (service: string, body: Buffer, headers: Record<string, string> = {}) =>
  send(`/shop.git/git-${service}`, {
    method: 'POST',
    body,
    headers: { 'content-type': `application/x-git-${service}-request`, ...headers },
  })

test.each([0, 1, 2])('clone and fetch with protocol version %i; the refs of the machine are not shown', async (version) => {
  await friday.repositories.keep('p1', 'releases/r1', commit)
  const protocol = ['-c', `protocol.version=${version}`]
  const listed = await client.ok(...protocol, 'ls-remote', friday.url)
  expect(listed).toBe(`${commit}\tHEAD\n${commit}\trefs/heads/main\n`)
  await client.ok(...protocol, 'clone', '-q', friday.url, 'copy')
  expect(await readFile(join(client.folder, 'copy/b/c.txt'), 'utf8')).toBe('two')
  const second = await client.commit({ 'a.txt': 'two' })
  await client.ok('push', friday.url, 'main')
  await client.ok('-C', 'copy', ...protocol, 'pull', '-q')
  expect((await client.ok('-C', 'copy', 'rev-parse', 'HEAD')).trim()).toBe(second)
})

test('version 2 is really spoken, and a filtered clone is possible', async () => {
  const answer = await send('/shop.git/info/refs?service=git-upload-pack', { headers: { 'git-protocol': 'version=2' } })
  expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/x-git-upload-pack-advertisement' } })
  expect(answer.body).toMatch(/^000eversion 2\n/)
  expect(answer.body).toContain('filter')
  await client.ok('clone', '-q', '--filter=blob:none', '--no-checkout', friday.url, 'partial')
  expect(await client.ok('-C', 'partial', 'rev-list', '--objects', '--all', '--missing=print')).toContain('?')
})

test('a push sees no hidden ref either', async () => {
  await friday.repositories.keep('p1', 'releases/r1', commit)
  const answer = await send('/shop.git/info/refs?service=git-receive-pack')
  expect(answer.body).toMatch(/^001f# service=git-receive-pack\n0000/)
  expect(answer.body).toContain('push-options')
  expect(answer.body).not.toContain('refs/friday')
})

test('a wrong token, no token, a forbidden and a missing project each say so', async () => {
  const wrong = await client.git('ls-remote', friday.url.replace(TOKEN, 'stolen'))
  expect(wrong.stderr).toContain('This token is not valid.')
  expect(wrong.stderr).toContain('Authentication failed')
  expect(wrong.exitCode).toBe(128)
  const none = await client.git('ls-remote', `${friday.origin}/shop.git`)
  expect(none.exitCode).toBe(128)
  expect(await send('/shop.git/info/refs?service=git-upload-pack', { headers: { authorization: '' } })).toMatchObject({
    status: 401,
    headers: { 'www-authenticate': 'Basic realm="Friday", charset="UTF-8"' },
  })
  const forbidden = await client.git('ls-remote', friday.url.replace('shop', 'secret'))
  expect(forbidden.stderr).toContain('You may not see this project. Ask its owner.')
  const missing = await client.git('ls-remote', friday.url.replace('shop', 'nope'))
  expect(missing.stderr).toContain('There is no project nope.')
  expect(missing.exitCode).toBe(128)
})

test('reading and writing are authorised as what they are, on every request', async () => {
  friday.asked.length = 0
  await client.ok('ls-remote', friday.url)
  expect(new Set(friday.asked)).toEqual(new Set(['read shop']))
  friday.asked.length = 0
  await client.commit({ 'a.txt': 'three' })
  await client.ok('push', friday.url, 'main')
  expect(new Set(friday.asked)).toEqual(new Set(['write shop']))
  expect(await post('receive-pack', FLUSH, { authorization: `Basic ${Buffer.from('x:stolen').toString('base64')}` })).toMatchObject({
    status: 401,
  })
})

test.each([
  ['/shop.git/info/refs', 403],
  ['/shop.git/info/refs?service=git-upload-archive', 403],
  ['/shop.git/HEAD', 404],
  ['/shop.git/config', 404],
  ['/shop.git/objects/info/packs', 404],
  ['/shop.git/../p1.git/HEAD', 404],
  ['/..%2f..%2fetc.git/info/refs?service=git-upload-pack', 404],
  ['/..git/info/refs?service=git-upload-pack', 404],
  ['/shop%00.git/info/refs?service=git-upload-pack', 404],
  ['/-shop.git/info/refs?service=git-upload-pack', 404],
  ['/shop.git/git-upload-pack', 405],
])('GET %s answers %i', async (path, status) => {
  expect((await send(path)).status).toBe(status)
})

test('a body that is not what git sends is refused, and nothing is left', async () => {
  const before = await friday.repositories.git.text('p1', ['count-objects'])
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  expect(await post('receive-pack', FLUSH, form)).toMatchObject({ status: 415 })
  expect(await post('receive-pack', FLUSH, { 'content-encoding': 'br' })).toMatchObject({ status: 415 })
  expect(await post('receive-pack', Buffer.from('zzzz nonsense'))).toMatchObject({ status: 400 })
  expect(await post('upload-pack', Buffer.from('not gzip'), { 'content-encoding': 'gzip' })).toMatchObject({ status: 400 })
  expect(await friday.repositories.git.text('p1', ['count-objects'])).toBe(before)
  expect(friday.pushes).toHaveLength(1)
})

test('a probe without commands is fine, also packed', async () => {
  expect(await post('receive-pack', FLUSH)).toMatchObject({ status: 200 })
  expect(await post('receive-pack', gzipSync(FLUSH), { 'content-encoding': 'gzip' })).toMatchObject({ status: 200 })
})

test('a gzip bomb and an endless command list end with 413', async () => {
  const wants = Buffer.alloc(70 * 1024 * 1024, encodePkt(`want ${commit}\n`))
  expect(await post('upload-pack', gzipSync(wants), { 'content-encoding': 'gzip' })).toMatchObject({
    status: 413,
  })
  const command = encodePkt(`${'0'.repeat(40)} ${commit} refs/heads/${'x'.repeat(100)}\0report-status side-band-64k`)
  const commands = Buffer.concat(Array.from({ length: 40_000 }, () => command))
  expect(await post('receive-pack', commands)).toMatchObject({ status: 413 })
})

test('a command for a ref with tricks that no honest client sends is refused', async () => {
  const twoInOne = `refs/heads/x\n${commit} ${'0'.repeat(40)} refs/heads/main`
  const tricks = [
    'refs/heads/../../x',
    'refs/heads/a..b',
    'refs/heads/x\u0001y',
    'HEAD',
    '../x',
    'refs/heads/x\u202ey',
    'refs/heads/main\n',
    twoInOne,
  ]
  for (const ref of tricks) {
    const command = encodePkt(`${commit} ${'0'.repeat(40)} ${ref}\0report-status delete-refs`)
    const answer = await post('receive-pack', Buffer.concat([command, FLUSH]))
    expect(answer.body, JSON.stringify(ref)).toMatch(/ng [^]*(?:pre-receive hook declined|proc-receive failed)/)
  }
  expect(await friday.repositories.listRefs('p1', 'refs')).toEqual([{ ref: 'refs/heads/main', sha: commit }])
  expect(friday.pushes).toHaveLength(1)
})

test('an upload cut short leaves no junk', async () => {
  const objects = join(friday.repositories.git.pathOf('p1'), 'objects')
  const quarantines = async () => (await readdir(objects)).filter((name) => name.includes('incoming'))
  const before = await friday.repositories.git.text('p1', ['count-objects', '-v'])
  const { hostname, port } = new URL(friday.origin)
  const outgoing = httpRequest({
    hostname,
    port,
    path: '/shop.git/git-receive-pack',
    method: 'POST',
    headers: { authorization: BASIC, 'content-type': 'application/x-git-receive-pack-request' },
  })
  outgoing.on('error', () => undefined)
  const command = encodePkt(`${'0'.repeat(40)} ${'1'.repeat(40)} refs/heads/cut\0report-status side-band-64k`)
  // A pack of 1,000 objects of which only the header comes: git has opened its quarantine and waits for more.
  outgoing.write(Buffer.concat([command, FLUSH, Buffer.from('PACK\0\0\0\u0002\0\0\u0003\u00e8', 'latin1')]))
  expect(await waitFor(async () => (await quarantines()).length > 0, { timeoutMs: 20_000 })).toBe(true)
  outgoing.destroy()
  expect(await waitFor(async () => (await quarantines()).length === 0, { timeoutMs: 20_000 })).toBe(true)
  expect(await friday.repositories.git.text('p1', ['count-objects', '-v'])).toBe(before)
})
