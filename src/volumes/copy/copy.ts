// The driver that works anywhere: every snapshot and every clone is a full copy.
import { execOk } from '#lib/exec.ts'
import { allocatedBytes } from '#volumes/space.ts'
import { createTreeVolumes } from '#volumes/trees.ts'
import type { Volumes } from '#volumes/volumes.ts'

/** Volumes in `folder` on any file system. `folder` is made; nothing else in it is touched. */
export function createCopyVolumes({ folder }: { folder: string }): Volumes {
  return createTreeVolumes(folder, {
    name: 'copy',
    limits: [
      'Every snapshot and every clone is a full copy: it takes the time and the disk of the whole volume.',
      'A volume is copied while its services are paused.',
      'Paths inside a volume may be 4096 bytes long; a volume with a longer one cannot be copied.',
    ],
    check: async () => undefined,
    copy: async (from, to) =>
      void (await execOk(['cp', ...(process.platform === 'linux' ? ['-a', '--reflink=never'] : ['-a']), '--', from, to])),
    copyNeeds: allocatedBytes,
    usage: async (path) => ({ ownBytes: await allocatedBytes(path), sharedBytes: 0 }),
  })
}
