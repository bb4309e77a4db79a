// The queue of a held site: its order, its bounds, its end.
import { expect, test } from 'vitest'
import { Hold } from './hold.ts'

test('waiters leave in the order they came, those that went away are skipped, one too many is refused', () => {
  const order: string[] = []
  let ended = 0
  const hold = new Hold({ maxMs: 60_000, maxRequests: 3 }, () => ended++)
  const waiters = ['a', 'b', 'c', 'd'].map((name) => ({ resume: () => order.push(name), expire: () => order.push(`late ${name}`) }))
  expect(waiters.map((waiter) => hold.add(waiter))).toEqual([true, true, true, false])
  hold.leave(waiters[1] ?? expect.fail())
  hold.release()
  expect(order).toEqual(['a', 'c'])
  expect(ended).toBe(1)
})

test('its time ends it, counted anew when renewed', async () => {
  const order: string[] = []
  const hold = await new Promise<Hold>((resolve) => {
    const made: Hold = new Hold({ maxMs: 60_000, maxRequests: 1 }, () => resolve(made))
    made.add({ resume: () => order.push('resumed'), expire: () => order.push('expired') })
    made.renew({ maxMs: 1, maxRequests: 1 })
  })
  expect(order).toEqual(['expired'])
  hold.release()
  expect(order).toEqual(['expired'])
})

test('holding writes lets reads pass, but no WebSocket', () => {
  const hold = new Hold({ maxMs: 60_000, maxRequests: 1, writesOnly: true }, () => undefined)
  expect(['GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE', undefined].map((method) => hold.concerns(method, false))).toEqual([
    false,
    false,
    false,
    true,
    true,
    true,
  ])
  expect(hold.concerns('GET', true)).toBe(true)
  hold.release()
})
