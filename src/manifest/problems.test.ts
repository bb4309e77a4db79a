import { expect, test } from 'vitest'
import { formatProblem, quote, type Problem } from './problems.ts'
import { distanceBetween, nearest } from './schema/suggest.ts'

const problem: Problem = {
  file: '.upsun/config.yaml',
  line: 12,
  column: 9,
  path: 'applications.web.mounts./uploads.source',
  message: '"stroage" is not a mount source',
  expected: 'storage, instance, tmp, service or local',
  suggestion: 'storage',
  severity: 'error',
}

test('a problem is one line: place, path, what is wrong, what was expected, what was meant', () => {
  expect(formatProblem(problem)).toBe(
    '.upsun/config.yaml:12:9: applications.web.mounts./uploads.source: "stroage" is not a mount source; expected storage, instance, tmp, service or local. Did you mean "storage"?',
  )
  expect(
    formatProblem({ ...problem, path: '', expected: undefined, suggestion: undefined, message: 'the file is written in UTF-16' }),
  ).toBe('.upsun/config.yaml:12:9: the file is written in UTF-16')
})

test('nothing a project writes reaches the terminal as a command to it', () => {
  const line = formatProblem({ ...problem, path: 'a\u001b[2J\u009b', message: quote('x\r\n\u202eevil\u0007'), file: 'a\nb' })
  expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  expect(line).toContain('\\u001b[2J')
  expect(quote('y'.repeat(500)).length).toBeLessThan(100)
})

test.each([
  ['stroage', 'storage'], ['Storage', 'storage'], ['sorage', 'storage'], ['storagee', 'storage'], ['tpm', 'tmp'], ['kafka', undefined], ['x', undefined],
])('%s: %s', (word, expected) => expect(nearest(word, ['storage', 'instance', 'tmp', 'service', 'local'])).toBe(expected)) // prettier-ignore

test('distance counts insertions, deletions, replacements and swaps', () => {
  const cases = [['', '', 0], ['a', '', 1], ['ab', 'ba', 1], ['abc', 'abd', 1], ['kitten', 'sitting', 3]] as const // prettier-ignore
  for (const [a, b, distance] of cases) expect([distanceBetween(a, b), distanceBetween(b, a)]).toEqual([distance, distance])
})
