// Facts as they are on real file systems. Needs root, btrfs-progs and xfsprogs.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readVolumeFacts } from './facts.ts'
import { temporaryFileSystem } from './host.suite.ts'

const MiB = 1024 ** 2

test.each([
  ['ext4', ['mkfs.ext4', '-q', '-F'], 64, { onBtrfs: false, reflinks: false }],
  ['XFS', ['mkfs.xfs', '-q'], 320, { onBtrfs: false, reflinks: true }],
  ['btrfs', ['mkfs.btrfs', '-q'], 256, { onBtrfs: true, reflinks: true }],
] as const)('%s', async (_, mkfs, size, expected) => {
  await using place = await temporaryFileSystem([...mkfs], size * MiB)
  const facts = await readVolumeFacts(join(place.path, 'a/b'))
  expect(facts).toEqual({ root: true, btrfs: true, loopDevices: true, ...expected })
})
