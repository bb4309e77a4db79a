// Which volume driver a machine gets when nobody said: a decision from facts.
import type { Volumes } from './volumes.ts'

export interface VolumeFacts {
  /** What the settings say, if anything. */
  readonly setting?: Volumes['name']
  readonly root: boolean
  /** The folder for volumes already lies on btrfs. */
  readonly onBtrfs: boolean
  /** The folder's file system can share blocks between files. */
  readonly reflinks: boolean
  /** The programs `btrfs` and `mkfs.btrfs` are there and the kernel knows the file system. */
  readonly btrfs: boolean
  /** A loop device can be had. */
  readonly loopDevices: boolean
}

export interface VolumeChoice {
  readonly driver: Volumes['name']
  /** For btrfs: in the folder itself, or in a loop file Friday makes there. */
  readonly pool?: 'folder' | 'loop'
  /** One sentence for a person. */
  readonly reason: string
}

export function chooseVolumes(facts: VolumeFacts): VolumeChoice {
  const pool = facts.onBtrfs ? 'folder' : 'loop'
  if (facts.setting === 'btrfs') return { driver: 'btrfs', pool, reason: 'The settings say btrfs.' }
  if (facts.setting !== undefined) return { driver: facts.setting, reason: `The settings say ${facts.setting}.` }
  if (facts.root && facts.btrfs && facts.onBtrfs) {
    return {
      driver: 'btrfs',
      pool,
      reason: 'The folder for volumes lies on btrfs: clones of any size take no time, and snapshots are atomic.',
    }
  }
  if (facts.root && facts.btrfs && facts.loopDevices) {
    return { driver: 'btrfs', pool, reason: 'btrfs in a loop file: clones of any size take no time, and snapshots are atomic.' }
  }
  if (facts.reflinks) {
    return { driver: 'reflink', reason: `The file system can share blocks between files; btrfs was not chosen: ${whyNotBtrfs(facts)}.` }
  }
  return { driver: 'copy', reason: `Every clone is a full copy: the file system cannot share blocks, and ${whyNotBtrfs(facts)}.` }
}

function whyNotBtrfs(facts: VolumeFacts): string {
  if (!facts.root) return 'it needs root'
  return facts.btrfs ? 'this machine gives no loop devices' : 'it needs btrfs-progs and a kernel with btrfs'
}
