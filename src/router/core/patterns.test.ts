// Patterns of projects: understood, or refused by name, and never able to run for long.
import { expect, test } from 'vitest'
import { compilePattern } from './patterns.ts'

test('understands a leading (?i)', () => {
  expect(compilePattern('(?i)\\.PNG$', 'here').test('/a.png')).toBe(true)
})

test.each(['(', '[z-a]', 'a{1000}', 'x'.repeat(1001), '^(?!b)(a+)+$', '(a+)+\\1', '(?=x).*.*.*y'])('%s is refused', (source) => {
  expect(() => compilePattern(source, 'site a, rule')).toThrow(/^site a, rule: the pattern/)
})

test.each(['^(a+)+$', '^(a|a)*$', '(x+x+)+y', '(.*)*z$'])('%s ends on a path that makes it backtrack', (source) => {
  expect(compilePattern(source, 'here').test(`/${'a'.repeat(1000)}${'x'.repeat(1000)}!`)).toBe(false)
})

test('a lookahead with little to repeat is allowed', () => {
  expect(compilePattern('^/(?!admin).+$', 'here').test('/admin/x')).toBe(false)
})
