// Git's framing, however its bytes are cut.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { withBoundedCommands } from './body.ts'
import { encodePkt, FLUSH, readPkts } from './pkt-line.ts'

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Buffer, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of source) found.push(one)
  return found
}

test('what is framed is read again, in whatever chunks it comes', async () => {
  const texts = fc.array(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 }).filter((text) => !text.endsWith('\n')),
    { maxLength: 8 },
  )
  await fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 1, max: 40 }), async (lines, size) => {
      const stream = Buffer.concat([...lines.map((line) => encodePkt(line)), FLUSH, encodePkt('after\n')])
      expect(await all(readPkts(chunked(stream, size)))).toEqual([...lines, undefined, 'after'])
      const passed = await all(withBoundedCommands(chunked(stream, size)))
      expect(Buffer.concat(passed)).toEqual(stream)
    }),
  )
})

test.each(['zzzz', '0001', '0003', 'ffff', '-001', ' 123'])('%j is no length', async (header) => {
  await expect(all(readPkts(chunked(Buffer.from(header), 4)))).rejects.toThrow(RangeError)
})

test('a payload has a largest size', () => {
  expect(encodePkt('x'.repeat(65_516)).toString('latin1', 0, 4)).toBe('fff0')
  expect(() => encodePkt('x'.repeat(65_517))).toThrow(RangeError)
})

test('commands are counted, the pack behind them is not', async () => {
  const pack = Buffer.alloc(6 * 1024 * 1024, 'x')
  const passed = await all(withBoundedCommands(chunked(Buffer.concat([encodePkt('a command'), FLUSH, pack]), 65_536)))
  expect(Buffer.concat(passed)).toHaveLength(pack.length + 17)
  const endless = Buffer.alloc(6 * 1024 * 1024, encodePkt('a command'))
  await expect(all(withBoundedCommands(chunked(endless, 65_536)))).rejects.toMatchObject({ code: 'git.too_large' })
})
