// Which requests are git's, and what the refs of a push may be called.
import { expect, test } from 'vitest'
import { isGitUrl, protocolEnv, readCredentials, readRequest } from './request.ts'
import { ruleRefusals } from './rules.ts'

const head = (method: string, url: string, contentType?: string, contentEncoding?: string) =>
  readRequest({ method, url, contentType, contentEncoding })

test('the three requests of the smart protocol', () => {
  expect(head('GET', '/shop.git/info/refs?service=git-upload-pack')).toEqual({
    kind: 'advertise',
    project: 'shop',
    service: 'upload-pack',
    gzip: false,
  })
  expect(head('POST', '/a.b.git/git-receive-pack', 'application/x-git-receive-pack-request')).toMatchObject({
    kind: 'exchange',
    project: 'a.b',
    gzip: false,
  })
  expect(head('POST', '/shop.git/git-upload-pack', 'application/x-git-upload-pack-request', 'GZIP')).toMatchObject({
    service: 'upload-pack',
    gzip: true,
  })
})

test.each([
  ['POST', '/shop.git/info/refs?service=git-upload-pack', 405],
  ['GET', '/shop.git/info/refs', 403],
  ['GET', '/a..b.git/info/refs?service=git-upload-pack', 404],
  ['GET', '/%73hop.git/info/refs?service=git-upload-pack', 404],
  ['GET', '/x/shop.git/info/refs?service=git-upload-pack', 404],
  ['GET', `/${'x'.repeat(101)}.git/info/refs?service=git-upload-pack`, 404],
  ['POST', '/shop.git/git-upload-pack/', 404],
  ['POST', '/shop.git/git-upload-pack', 415],
])('%s %s is refused with %i', (method, url, status) => expect(head(method, url)).toMatchObject({ kind: 'refuse', status }))

test('git URLs are known from others', () => {
  expect(['/shop.git/info/refs', '/shop.git', '/shop.git/x?y'].every(isGitUrl)).toBe(true)
  expect(['/', '/api/shop.git/x', '/shop.github/x', '/x?y.git/'].some(isGitUrl)).toBe(false)
})

test('the password is the token, and is not printed', () => {
  const given = readCredentials(`Basic ${Buffer.from('ada:to:ken').toString('base64')}`)
  expect(given?.username).toBe('ada')
  expect(given?.token.reveal()).toBe('to:ken')
  expect(JSON.stringify(given)).toBe('{"username":"ada","token":"***"}')
  for (const none of [
    undefined,
    '',
    'Bearer x',
    'Basic',
    'Basic !!',
    `Basic ${Buffer.from('ada').toString('base64')}`,
    `Basic ${Buffer.from('ada:').toString('base64')}`,
  ]) {
    expect(readCredentials(none)).toBeUndefined()
  }
})

test('only a protocol header goes into the environment', () => {
  expect(protocolEnv('version=2')).toEqual({ GIT_PROTOCOL: 'version=2' })
  for (const bad of [undefined, '', 'a b', 'x\n', 'x'.repeat(101), ['version=2', 'version=1']]) expect(protocolEnv(bad)).toEqual({})
})

test('the rules for every push', () => {
  const sha = 'a'.repeat(40)
  const make = (ref: string) => ({ ref, before: undefined, after: sha })
  expect(ruleRefusals([make('refs/heads/main'), make('refs/tags/v1')])).toEqual([])
  const refused = ruleRefusals([
    make('refs/heads/a'),
    make('refs/heads/a'),
    make('refs/friday/x'),
    make('refs/heads/-x'),
    { ...make('refs/heads/y'), after: 'main' },
  ])
  expect(refused.map(({ ref }) => ref)).toEqual(['refs/heads/a', 'refs/friday/x', 'refs/heads/-x', 'refs/heads/y'])
  expect(ruleRefusals(Array.from({ length: 1001 }, (_, index) => make(`refs/heads/${index}`)))).toHaveLength(1)
})
