// Every network has addresses and a user that no other has.
import { expect, test } from 'vitest'
import {
  addressOf,
  blockCidr,
  blocksTouched,
  candidates,
  isShared,
  NETWORKS_PER_BLOCK,
  pickNamed,
  pickPort,
  subnetOf,
  type Listener,
} from './addresses.ts'

test('the first and the last network of both ranges', () => {
  expect(blockCidr(0)).toBe('100.64.0.0/18')
  expect(blockCidr(255)).toBe('100.127.192.0/18')
  expect(blockCidr(256)).toBe('10.128.0.0/18')
  expect(blockCidr(767)).toBe('10.255.192.0/18')
  expect(subnetOf(0, 0)).toEqual({
    gateway: '100.64.0.1',
    main: '100.64.0.2',
    prefix: 27,
    named: ['100.64.0.8/29', '100.64.0.16/28'],
    uid: 1_900_000_000,
  })
  expect(subnetOf(255, NETWORKS_PER_BLOCK - 1).main).toBe('100.127.255.226')
  expect(subnetOf(767, NETWORKS_PER_BLOCK - 1).uid).toBeLessThan(2 ** 31)
})

test('no two networks share a user or an address', () => {
  const some = [0, 1, 255, 256, 767].flatMap((block) => [0, 1, 511].map((index) => subnetOf(block, index)))
  expect(new Set(some.map(({ uid }) => uid)).size).toBe(some.length)
  expect(new Set(some.map(({ main }) => main)).size).toBe(some.length)
})

test('a standard port gets an unused address, then one where the port is free, then none', () => {
  const taken: Listener[] = []
  for (let n = 0; n < 23; n++) taken.push(pickNamed(taken, 5432) ?? { offset: -1, port: 0 })
  expect(new Set(taken.map(({ offset }) => offset)).size).toBe(23)
  expect(taken.every(({ offset }) => offset >= 8 && offset <= 30)).toBe(true)
  expect(pickNamed(taken, 5432)).toBeUndefined()
  expect(pickNamed(taken, 6379)).toEqual({ offset: 8, port: 6379 })
  expect(addressOf(0, 1, { offset: 30, port: 1 })).toBe('100.64.0.62')
})

test('free ports go round and end', () => {
  expect(pickPort([], 0)).toEqual({ offset: 2, port: 20_000 })
  expect(pickPort([{ offset: 2, port: 32_767 }], 32_767)).toEqual({ offset: 2, port: 20_000 })
  const all = Array.from({ length: 12_768 }, (_, n) => ({ offset: 2, port: 20_000 + n }))
  expect(pickPort(all, 25_000)).toBeUndefined()
})

test('blocks that a route of the host touches', () => {
  expect(blocksTouched('0.0.0.0', 0)).toEqual([])
  expect(blocksTouched('192.168.0.0', 16)).toEqual([])
  expect(blocksTouched('100.64.64.0', 18)).toEqual([1])
  expect(blocksTouched('100.64.65.7', 32)).toEqual([1])
  expect(blocksTouched('100.64.0.0', 17)).toEqual([0, 1])
  expect(blocksTouched('100.64.0.0', 10)).toHaveLength(256)
  expect(blocksTouched('10.0.0.0', 8)).toHaveLength(512)
})

test('the shared range is left alone when somebody else is in it', () => {
  expect(isShared('100.63.255.255')).toBe(false)
  expect(isShared('100.100.2.136')).toBe(true)
  expect(isShared('100.128.0.0')).toBe(false)
  expect(candidates('abc', false)).toHaveLength(256)
  expect(Math.max(...candidates('abc', false))).toBe(255)
  expect(Math.min(...candidates('abc', true))).toBe(256)
  expect(new Set(candidates('abc', true)).size).toBe(512)
})
