// The driver for a file system that can share blocks between files (XFS, APFS, btrfs): a clone copies names, not bytes.
import { execOk } from '#lib/exec.ts'
import { fail } from '#volumes/errors.ts'
import { createTreeVolumes } from '#volumes/trees.ts'
import type { Volumes } from '#volumes/volumes.ts'
import { canShareBlocks, cloneArgv } from './clone.ts'
import { sharedUsage } from './usage.ts'

/** Volumes in `folder`, which is made and must lie on a file system with reflinks: `open()` throws `volumes.unsupported` otherwise. */
export function createReflinkVolumes({ folder }: { folder: string }): Volumes {
  return createTreeVolumes(folder, {
    name: 'reflink',
    limits: [
      'A volume is cloned file by file while its services are paused: the pause grows with the number of files, not with their size.',
      ...(process.platform === 'linux' ? [] : ['What a volume owns alone cannot be read here: its whole size is shown.']),
      'Paths inside a volume may be 4096 bytes long; a volume with a longer one cannot be copied.',
    ],
    async check(path) {
      if (await canShareBlocks(path)) return
      throw fail('unsupported', `The file system of ${path} cannot share blocks between files (no reflinks).`, { folder: path })
    },
    copy: async (from, to) => void (await execOk(cloneArgv(process.platform, from, to))),
    copyNeeds: async () => 0,
    usage: sharedUsage,
  })
}
