// Answers of findmnt, losetup and btrfs as they really came.
import { expect, test } from 'vitest'
import { devicesOf, mountOf, usageOf } from './answers.ts'

test('findmnt: the topmost of stacked mounts; none when nothing is mounted', () => {
  const json = '{"filesystems":[{"source":"/dev/loop0","fstype":"btrfs"},{"source":"/dev/loop1","fstype":"xfs"}]}'
  expect(mountOf(json)).toEqual({ source: '/dev/loop1', fstype: 'xfs' })
  expect(mountOf('')).toBeUndefined()
})

test('losetup: names of devices; none when it printed nothing', () => {
  expect(devicesOf('{\n   "loopdevices": [\n      {\n         "name": "/dev/loop0"\n      }\n   ]\n}\n')).toEqual(['/dev/loop0'])
  expect(devicesOf('')).toEqual([])
})

test('btrfs filesystem du: own and shared bytes, and no guess when there are none', () => {
  const text = '     Total   Exclusive  Set shared  Filename\n  52428800     8192    52420608  /pool/volumes/a 1 2 3\n'
  expect(usageOf(text)).toEqual({ ownBytes: 8192, sharedBytes: 52_420_608 })
  expect(() => usageOf('     Total   Exclusive  Set shared  Filename\n')).toThrow('without figures')
})
