import { expect, test } from 'vitest'
import { Place, Problems } from '#manifest/schema/place.ts'
import { readPattern } from './pattern.ts'

function read(pattern: string): string | undefined {
  const problems = new Problems()
  return readPattern(pattern, new Place(problems, { file: 'f', line: 1, column: 1 })) ?? `refused: ${problems.all('error')[0]?.message}`
}

test.each([
  ['\\.(jpe?g|png|svgz?|css|js)$', '\\.(jpe?g|png|svgz?|css|js)$'],
  ['^/sites/default/files/.*\\.php$', '^/sites/default/files/.*\\.php$'],
  ['\\A/x\\z', '^/x$'],
  ['(?P<lang>en|de)', '(?<lang>en|de)'],
  ['(?i)\\.png$', '(?i)\\.png$'],
  ['\\.(?i:jpe?g|x[a-c]y)$', '\\.(?:[jJ][pP][eE]?[gG]|[xX][a-cA-C][yY])$'],
  ['(a+)+$', '(a+)+$'],
  ['(?<!\\-lock)\\.css$', '(?<!\\-lock)\\.css$'],
])('%s becomes %s', (written, pattern) => expect(read(written)).toBe(pattern))

test.each([
  '(',
  '[',
  '*',
  'a++',
  '(?>a)',
  '\\h+',
  '\\Qa\\E',
  '[[:alpha:]]',
  '(?=a)(b*)*',
  '(a*)\\1+x*y*',
  'a{1000}',
  'x'.repeat(1001),
  '(?R)',
])('%s is refused with a reason', (pattern) => expect(read(pattern)).toMatch(/^refused: ".+" \w+/))

test('case is folded by meaning', () => {
  const folded = new RegExp(read('^(?i:ab[c-e]\\d)F$') ?? '')
  expect(['abc1F', 'ABE2F', 'aBd0F'].every((text) => folded.test(text))).toBe(true)
  expect(['abc1f', 'abfxF', 'abgF'].some((text) => folded.test(text))).toBe(false)
})
