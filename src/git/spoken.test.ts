// Text on its way to a terminal.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { spokenLine, spokenLines } from './spoken.ts'

test.each([
  ['\u001b[1;31mred\u001b[0m', ['red']],
  ['\u001b]0;title\u0007text', ['text']],
  ['\u001b]8;;http://evil\u001b\\link\u001b]8;;\u001b\\', ['link']],
  ['\u009b2Jx', ['x']],
  ['\u001bPq#0\u001b\\x', ['x']],
  ['a\tb\u0000\u0008c', ['a\tbc']],
  ['one\r\ntwo\n', ['one', 'two']],
  ['10 %\r50 %\r100 %', ['100 %']],
  ['done\r', ['done']],
  ['', ['']],
  ['a\u2028b\u202e', ['ab']],
  ['x\u001b', ['x']],
  ['日本 ünïcode 🚀', ['日本 ünïcode 🚀']],
])('%j becomes %j', (text, lines) => expect(spokenLines(text)).toEqual(lines))

test('nothing that drives a terminal survives', () => {
  const nasty = fc.array(
    fc.constantFrom('\u001b', '[', ']', '0', ';', 'm', '\u0007', '\u009b', '\\', 'x', '\r', '\n', '\u202e', '\u0090'),
    { maxLength: 30 },
  )
  fc.assert(
    fc.property(nasty, (parts) => {
      for (const line of spokenLines(parts.join(''))) expect(line).not.toMatch(/(?!\t)[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e]/u)
    }),
    { numRuns: 2000 },
  )
})

test('long lines are cut, a reason is one short line', () => {
  expect(spokenLines('x'.repeat(5000))).toEqual([`${'x'.repeat(3999)}…`])
  expect(spokenLine('a\n  b\r\n\u001b[2Jc')).toBe('a b c')
  expect(spokenLine('x'.repeat(900))).toHaveLength(500)
})
