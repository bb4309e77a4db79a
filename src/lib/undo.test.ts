import { expect, test } from 'vitest'
import { Undo } from '#lib/undo.ts'

test('every part is let go, the last one first, also when one fails; moved parts belong to the new owner', async () => {
  const order: number[] = []
  const undo = new Undo()
  undo.defer(() => void order.push(1))
  undo.defer(() => {
    throw new Error('two')
  })
  undo.use({ [Symbol.dispose]: () => void order.push(3) })
  const owner = undo.move()
  await undo[Symbol.asyncDispose]()
  expect(order).toEqual([])
  await expect(owner[Symbol.asyncDispose]()).rejects.toThrow('two')
  expect(order).toEqual([3, 1])
})
