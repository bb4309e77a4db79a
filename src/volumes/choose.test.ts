// The choice of a driver, fact by fact.
import { expect, test } from 'vitest'
import { chooseVolumes, type VolumeFacts } from './choose.ts'

const best: VolumeFacts = { root: true, onBtrfs: false, reflinks: true, btrfs: true, loopDevices: true }

test.each<[string, Partial<VolumeFacts>, string, string | undefined, RegExp]>([
  ['root with btrfs and loop devices', {}, 'btrfs', 'loop', /loop file/],
  ['a folder on btrfs', { onBtrfs: true, loopDevices: false }, 'btrfs', 'folder', /lies on btrfs/],
  ['not root, reflinks', { root: false, onBtrfs: true }, 'reflink', undefined, /needs root/],
  ['no loop devices, reflinks', { loopDevices: false }, 'reflink', undefined, /no loop devices/],
  ['no btrfs, reflinks', { btrfs: false }, 'reflink', undefined, /btrfs-progs/],
  ['nothing but files', { root: false, reflinks: false }, 'copy', undefined, /full copy.*needs root/],
  ['a setting wins over better facts', { setting: 'copy' }, 'copy', undefined, /settings/],
  ['a setting wins over worse facts', { setting: 'btrfs', root: false, btrfs: false }, 'btrfs', 'loop', /settings/],
  ['a setting of btrfs on btrfs needs no loop file', { setting: 'btrfs', onBtrfs: true }, 'btrfs', 'folder', /settings/],
])('%s', (_, facts, driver, pool, reason) => {
  const choice = chooseVolumes({ ...best, ...facts })
  expect([choice.driver, choice.pool]).toEqual([driver, pool])
  expect(choice.reason).toMatch(reason)
})
