// Calls for one name never overlap; others do.
import { expect, test } from 'vitest'
import { Turns } from './turns.ts'

test('one name: each work begins after the one before has ended, also when that failed', async () => {
  const turns = new Turns()
  const told: string[] = []
  let open = () => {}
  const gate = new Promise<void>((resolve) => (open = resolve))
  const first = turns.take('a', async () => {
    told.push('first begins')
    await gate
    told.push('first ends')
    throw new Error('broken')
  })
  const second = turns.take('a', async () => void told.push('second'))
  await turns.take('b', async () => void told.push('other'))
  open()
  await expect(first).rejects.toThrow('broken')
  await second
  expect(told).toEqual(['first begins', 'other', 'first ends', 'second'])
})
