// One thing at a time per key.
import { expect, test } from 'vitest'
import { KeyedQueue } from './serial.ts'

test('work under one key never interleaves, other keys go on, a failure holds nobody up', async () => {
  const queue = new KeyedQueue()
  const seen: string[] = []
  const gate = deferred()
  const first = queue.run('a', async () => {
    await gate.promise
    seen.push('a1')
    throw new Error('no')
  })
  const second = queue.run('a', async () => void seen.push('a2'))
  await queue.run('b', async () => void seen.push('b'))
  gate.resolve()
  await expect(first).rejects.toThrow('no')
  await second
  expect(seen).toEqual(['b', 'a1', 'a2'])
})

function deferred() {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve }
}
