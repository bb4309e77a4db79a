// What a repository may hold to hurt its reader: each is a problem with a place, nothing throws, hangs or is done.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readManifest } from './read.ts'
import { flexOf, linesOf } from './read.suite.ts'
import { SUPPORT, treeOf } from './tree.suite.ts'

const utf16 = (text: string) => new Uint8Array([0xff, 0xfe, ...Buffer.from(text, 'utf16le')])
const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]', ...'bcdefghij'.split('').map((name, i) => `${name}: &${name} [${`*${'abcdefghi'[i]}, `.repeat(10)}]`)].join('\n') // prettier-ignore
const merges = ['a: &a {x: 1}', ...Array.from({ length: 60 }, (_, i) => `k${i}: &m${i} {<<: [${i === 0 ? '*a' : `*m${i - 1}, *m${i - 1}`}], n${i}: 1}`)].join('\n') // prettier-ignore
const chain = ['a0: &a0 x', ...Array.from({ length: 500 }, (_, i) => `a${i + 1}: &a${i + 1} {b: *a${i}}`)].join('\n')

test.each<[string, string | Uint8Array, RegExp]>([
  ['an alias bomb', bomb, /too large once its anchors are put in|"a" is not a key/],
  ['a chain of anchors', chain, /nested deeper than 40/],
  ['an anchor in itself', 'applications: &a {app: *a}', /an anchor contains itself/],
  ['an alias of nothing', 'applications: *nothing', /names no anchor|Unresolved alias/],
  ['a merge of a word', 'applications: {<<: word}', /<< takes a map/],
  ['a key twice', 'applications: {}\nservices: {}\napplications: {}', /:3:1: the key "applications" is there twice, first in line 1/],
  ['deep brackets', '['.repeat(100_000), /nested deeper than 40/],
  ['deep brackets behind comments', '[ # ]\n'.repeat(5000), /nested deeper than 40/],
  ['deep braces', '{a: '.repeat(60) + '}'.repeat(60), /nested deeper than 40/],
  ['deep lines', Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), /nested too deeply/],
  ['dashes on one line', '- '.repeat(100_000), /nested too deeply/],
  ['question marks on one line', '? '.repeat(100_000), /nested too deeply/],
  ['anchors on one line', '&a '.repeat(80_000), /nested too deeply/],
  ['levels made of both', Array.from({ length: 60 }, (_, i) => `${' '.repeat(i * 42)}${'- '.repeat(20)}a:`).join('\n'), /nested too deeply/],
  ['closing brackets', ']'.repeat(200_000), /closes nothing/],
  ['too many parts', 'a: [b]\n'.repeat(30_000), /more than 60000 parts/],
  ['a tag of Python', 'applications: !!python/object/apply:os.system ["id"]', /tag .* is not known/],
  ['a tag of JavaScript', 'applications: !!js/function "a"', /is not known/],
  ['binary', 'applications: !!binary aaaa', /is not known/],
  ['a tag of its own', 'applications: !ref {a: b}', /the tag "!ref" is not known/],
  ['a tag on a key', '!include a: b', /a key is not a plain word/],
  ['a list as key', '? [a]\n: b', /a key is not a plain word/],
  ['several documents', 'applications: {}\n---\nservices: {}', /several YAML documents/],
  ['a tab', 'applications:\n\tapp: {}', /tab/],
  ['an unclosed quote', 'applications: "', /not valid YAML/],
  ['UTF-16', utf16(flexOf('')), /written in UTF-16; expected UTF-8/],
  ['Latin-1', new Uint8Array([...Buffer.from('a: b\nc: '), 0xe9, 0x0a]), /not UTF-8: line 2/],
  ['NUL', 'applications:\n  app: \0', /NUL character in line 2/],
  ['half a character', 'applications: {app: {type: "\\ud800"}}', /half a character/],
  ['a huge file', `#${' '.repeat(300_000)}`, /the file has 300001 bytes; expected at most 262144/],
  ['__proto__', 'applications: {__proto__: {type: nodejs:22}}', /"__proto__" cannot be a key/],
  ['constructor', 'services: {constructor: {prototype: {x: 1}}}', /"constructor" cannot be a key/],
  ['escapes in a key', 'applications: {"\\e[2J": {}}', /"\\u001b\[2J" holds control characters/],
  ['too many services', `applications: {app: {type: nodejs:22}}\nservices: {${Array.from({ length: 300 }, (_, i) => `s${i}: {type: postgresql:17}`).join(', ')}}`, /there are 301 applications and services; expected at most 200/],
])('%s', (_, content, message) => {
  const lines = linesOf({ '.upsun/config.yaml': content })
  expect(lines.join('\n')).toMatch(message)
  expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
}) // prettier-ignore

test('merge keys cannot multiply', () => {
  expect(linesOf(merges).length).toBeGreaterThan(0)
  expect(linesOf(bomb.replace(/^/gm, '  ').replace(/^/, 'services:\n')).join('\n')).toMatch(/too large once its anchors are put in/)
})

test('many files together are bounded', () => {
  const half = `#${' '.repeat(200_000)}\n`
  const files = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`.upsun/${index}.yaml`, half]))
  expect(linesOf(files).join('\n')).toContain('too large with all its files; expected at most 2097152 bytes')
})

test('there are at most 100 problems to read', () => {
  const keys = Array.from({ length: 500 }, (_, index) => `key${index}: 1`).join('\n')
  expect(linesOf(flexOf(keys)).length).toBe(100)
})

test('a tree that does not hand out a file says why', () => {
  const tree = treeOf({ '.upsun/config.yaml': 'x' })
  const result = readManifest({ ...tree, read: () => { throw new Error('the file is too large to be loaded') } }, SUPPORT) // prettier-ignore
  expect(result).toMatchObject({ ok: false, problems: [{ file: '.upsun/config.yaml', message: 'the file is too large to be loaded' }] })
})

const name = fc.oneof(fc.constantFrom('app', 'web', 'db', 'type', 'mounts', 'relationships', 'locations', '/', 'https://{default}/', 'commands', 'start', 'upstream', 'nodejs:22', 'postgresql:17', 'db:postgresql', '*/5 * * * *'), fc.string({ maxLength: 12 })) // prettier-ignore
const value = fc.letrec((tie) => ({
  any: fc.oneof({ maxDepth: 5 }, name, fc.integer(), fc.boolean(), fc.constant(null), tie('map'), fc.array(tie('any'), { maxLength: 3 })),
  map: fc.dictionary(name, tie('any'), { maxKeys: 4 }),
})).any // prettier-ignore
const described = fc.record({ type: fc.constantFrom('nodejs:22', 'php:8'), web: value, mounts: value, relationships: value, variables: value, workers: value, crons: value, hooks: value, source: value, stack: value }, { requiredKeys: [] }) // prettier-ignore

test('any data, as configuration, is a project or a list of problems', () => {
  const whole = fc.record({ applications: fc.dictionary(name, described, { maxKeys: 2 }), services: value, routes: value })
  fc.assert(
    fc.property(fc.oneof(whole, value), (data) => {
      const result = readManifest(treeOf({ '.upsun/config.yaml': JSON.stringify(data) }), SUPPORT)
      expect(result.ok || result.problems.length > 0).toBe(true)
    }),
    { numRuns: 400 },
  )
})

test('any text and any bytes are a project or a list of problems', () => {
  const yamlish = fc.string({
    unit: fc.constantFrom(...'ab: \n-?&*!|>{}[],"\'#%@`\t~<0', '  ', 'applications:', '!include ', '<<: ', 'app:\n  '),
    maxLength: 80,
  })
  fc.assert(
    fc.property(fc.oneof(yamlish, fc.string()), fc.uint8Array({ maxLength: 60 }), (text, bytes) => {
      for (const content of [text, bytes, flexOf(text)]) {
        const result = readManifest(treeOf({ '.upsun/config.yaml': content }), SUPPORT)
        expect(result.ok || result.problems.length > 0).toBe(true)
      }
    }),
    { numRuns: 600 },
  )
})
