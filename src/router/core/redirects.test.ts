// Path redirects: which one matches and where it leads, never to another host by accident.
import { expect, test } from 'vitest'
import type { PathRedirect } from '#router/router.ts'
import { readTarget, type Target } from './paths.ts'
import { compileRedirects, findRedirect, routeRedirect } from './redirects.ts'

function rule(from: string, to: string, extra: Partial<PathRedirect> = {}): PathRedirect {
  return { from, to, regexp: false, prefix: true, appendSuffix: true, code: 302, expires: -1, ...extra }
}

function target(text: string): Target {
  return readTarget(text) ?? expect.fail(`${text} is refused`)
}

const RULES = compileRedirects(
  [
    rule('/a', '/x'),
    rule('/a/long', 'https://b.test/y/'),
    rule('/exact', '/only', { prefix: false }),
    rule('/drop', '/all', { appendSuffix: false }),
    rule('/root', '/'),
    rule('/q', '/z?fixed=1'),
    rule('^/p/(\\w+)/(\\w+)$', '/$2/$1$is_args$args', { regexp: true }),
    rule('^/arg', '/to/$arg_id', { regexp: true }),
    rule('^/uri', 'https://c.test$uri', { regexp: true }),
    rule('^/open(.*)', '$1', { regexp: true }),
  ],
  'here',
)

test.each([
  ['/a', '/x'],
  ['/a/b?c=1', '/x/b?c=1'],
  ['/ab', undefined],
  ['/a/long/er', 'https://b.test/y/er'],
  ['/exact', '/only'],
  ['/exact/not', undefined],
  ['/drop/everything', '/all'],
  ['/q?x=1', '/z?fixed=1'],
  ['/p/one/two?q=1', '/two/one?q=1'],
  ['/arg?id=7', '/to/7'],
  ['/uri/x', 'https://c.test/uri/x'],
  ['/root//evil.test', '/evil.test'],
  ['/root/\\evil.test', '/evil.test'],
  ['/open//evil.test', '/evil.test'],
  ['/a/%0d%0aset-cookie:x', '/x/%0d%0aset-cookie:x'],
  ['/a/caf\u00e9', '/x/caf%C3%A9'],
])('%s leads to %s', (from, to) => {
  expect(findRedirect(RULES, target(from))?.location).toBe(to)
})

test('a redirected route keeps the path behind it', () => {
  expect(routeRedirect('https://b.test/', '/', target('/x?y=1'))).toBe('https://b.test/x?y=1')
  expect(routeRedirect('https://b.test/new', '/old/', target('/old/x'))).toBe('https://b.test/new/x')
})

test.each(['', 'javascript:alert(1)', '/a\r\nset-cookie: b=1', 'https:///x', '\u0000'])('%j is no target', (to) => {
  expect(() => compileRedirects([rule('/a', to)], 'site a')).toThrow('site a, redirect from /a')
})
