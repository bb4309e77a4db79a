// Request targets: what they decode to, and which never do.
import { array, assert, constantFrom, property } from 'fast-check'
import { expect, test } from 'vitest'
import { isUnder, readTarget } from './paths.ts'

test.each([
  ['/', '/', ''],
  ['/a/b?x=/../', '/a/b', '?x=/../'],
  ['/a//b', '/a/b', ''],
  ['/a/./b/../c/', '/a/c/', ''],
  ['/a/..', '/', ''],
  ['/caf%C3%A9', '/café', ''],
  ['/%61', '/a', ''],
  ['/a%3Fb', '/a?b', ''],
])('%s is %s', (target, path, query) => {
  expect(readTarget(target)).toMatchObject({ path, query, fileSafe: true })
})

test.each(['', '*', 'a', 'http://a/', '/..', '/a/../..', '/%2e%2e', '/%', '/%zz', '/%ff', '/a%00b'])('%j is refused', (target) => {
  expect(readTarget(target)).toBeUndefined()
})

test.each(['/a%2fb', '/a%5cb', '/a\\b', '/.git/config', '/a/.env', '/%2eenv'])('%s names no file', (target) => {
  expect(readTarget(target)?.fileSafe).toBe(false)
})

test('no target that may name a file decodes to dot segments or a NUL', () => {
  const part = constantFrom('/', '.', '..', '%2e', '%2E', '%2f', '\\', '%5c', 'a', '%00', '%', '?')
  assert(
    property(array(part, { maxLength: 12 }), (parts) => {
      const target = readTarget(`/${parts.join('')}`)
      if (target === undefined || !target.fileSafe) return
      expect(target.path.split('/').some((segment) => segment === '..' || segment === '.')).toBe(false)
      expect(target.path).not.toContain('\0')
    }),
  )
})

test('a prefix covers whole segments', () => {
  expect(isUnder('/a', '/a')).toBe(true)
  expect(isUnder('/a/b', '/a')).toBe(true)
  expect(isUnder('/ab', '/a')).toBe(false)
  expect(isUnder('/a', '/a/')).toBe(true)
  expect(isUnder('/b', '/a/')).toBe(false)
  expect(isUnder('/anything', '/')).toBe(true)
})
