// Which names may reach git.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isRepositoryId, isRevision, isSha, refFault, treePath } from './names.ts'

test.each([
  'refs/heads/main',
  'refs/heads/feature/X-1_2.3',
  'refs/tags/v1.0',
  'refs/heads/ünïcode',
  'refs/heads/日本',
  "refs/heads/it's;$(x)&|<>#",
])('%s may be a ref', (ref) => expect(refFault(ref)).toBeUndefined())

test.each([
  'main',
  'refs/heads',
  'refs/heads/',
  'refs/heads//x',
  'refs/heads/x/',
  'refs/heads/.x',
  'refs/heads/x.',
  'refs/heads/x.lock/y',
  'refs/heads/a..b',
  'refs/heads/../x',
  'refs/heads/-x',
  'refs/heads/x/--exec=y',
  'refs/heads/@',
  'refs/heads/x@{1}',
  'refs/heads/a b',
  'refs/heads/a\tb',
  'refs/heads/a\nb',
  'refs/heads/a\0b',
  'refs/heads/a~1',
  'refs/heads/a^',
  'refs/heads/a:b',
  'refs/heads/a?',
  'refs/heads/a*',
  'refs/heads/[a',
  'refs/heads/a\\b',
  'refs/heads/a\u202eb',
  'refs/heads/a\u200bb',
  'refs/heads/a\ufffdb',
  'refs/heads/a\ud800b',
  'refs/heads/HEAD',
  `refs/heads/${'ü'.repeat(101)}`,
])('%j may not be a ref', (ref) => expect(refFault(ref)).toBeTypeOf('string'))

test('whatever passes as a ref is one line, no option and stays below refs/', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (name) => {
      const ref = `refs/heads/${name}`
      if (refFault(ref) !== undefined) return
      expect(new URL(`file:///root/${encodeURI(ref)}`).pathname).toMatch(/^\/root\/refs\/heads\/./)
      expect(ref).not.toMatch(/\p{Cc}|\s|\/-|\.\./u)
    }),
    { numRuns: 2000 },
  )
})

test('revisions are names and steps back, no searches', () => {
  for (const good of ['main', 'HEAD', 'HEAD~2', 'main^^', 'a/b~1^2', 'deadbeef', 'refs/tags/v1']) expect(isRevision(good), good).toBe(true)
  for (const bad of ['', ':/x', 'main:x', 'a..b', '--all', '-', '@{u}', 'main@{1}', 'a b', 'a\nb', 'refs/', '^main'])
    expect(isRevision(bad), bad).toBe(false)
})

test('ids', () => {
  expect(isSha('a'.repeat(40))).toBe(true)
  for (const bad of ['a'.repeat(39), '0'.repeat(40), 'A'.repeat(40), `${'a'.repeat(40)}\n`, '']) expect(isSha(bad)).toBe(false)
  expect(isRepositoryId('x-1_Y')).toBe(true)
  for (const bad of ['', '.', '..', 'a/b', '-a', 'a.git', 'a\n', 'a'.repeat(101)]) expect(isRepositoryId(bad)).toBe(false)
})

test('paths in a tree', () => {
  expect(['', '.', './', './a/b/', 'a'].map(treePath)).toEqual(['', '', '', 'a/b', 'a'])
  for (const bad of ['/', '/a', '..', 'a/..', 'a/./b', 'a//b', 'a\0', 'a\nb']) expect(treePath(bad), bad).toBeUndefined()
})
