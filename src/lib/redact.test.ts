import { array, assert, nat, property } from 'fast-check'
import { expect, test } from 'vitest'
import { createRedactor } from '#lib/redact.ts'

test('a value split anywhere over chunks never shows', () => {
  const secret = 's3cret-välue'
  const bytes = Buffer.from(`before ${secret} after ${Buffer.from(secret).toString('base64')} ${encodeURIComponent(secret)}\n`)
  assert(
    property(array(nat(bytes.length), { maxLength: 12 }), (cuts) => {
      const redactor = createRedactor()
      redactor.add([secret])
      const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
      const parts = edges.slice(1).map((edge, index) => redactor.push(bytes.subarray(edges[index], edge)))
      expect(parts.join('') + redactor.end()).toBe('before *** after *** ***\n')
    }),
  )
})

test('each line of a value with several lines is hidden; short values are left alone', () => {
  const redactor = createRedactor()
  redactor.add(['first line\nsecond line', 'abc'])
  expect(redactor.whole('x second line abc')).toBe('x *** abc')
})

test('finds a value inside the base64 of a longer text, wherever it begins, in both alphabets', () => {
  const value = 'sc8j4u2fi6bj>>>swje3jwznigm4z2kug?'
  const redactor = createRedactor()
  redactor.add([value])
  for (const before of ['', 'a', 'ab', 'abc', '[{"password":"']) {
    for (const alphabet of ['base64', 'base64url'] as const) {
      const shown = redactor.whole(Buffer.from(`${before}${value}","scheme"`).toString(alphabet))
      expect(shown).toContain('***')
      expect(Buffer.from(shown.replace('***', ''), alphabet).toString('latin1')).not.toMatch(/8j4u|igm4/)
    }
  }
})
