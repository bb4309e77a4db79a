// Every command the btrfs driver runs, as data.

type Argv = [string, ...string[]]

/** One copy of the metadata: both copies of `dup` would lie in the same file of the same disk, and each fsync would write them. */
export const makeFileSystem = (image: string): Argv => ['mkfs.btrfs', '-q', '-m', 'single', '--', image]

/** `--nooverlap` hands back the device an earlier process attached, so a file never has two. */
export const attach = (image: string, directIo: boolean): Argv => [
  'losetup',
  '--nooverlap',
  '--find',
  '--show',
  ...(directIo ? ['--direct-io=on'] : []),
  image,
]
export const attached = (image: string): Argv => ['losetup', '--json', '--output', 'NAME', '--associated', image]
export const detach = (device: string): Argv => ['losetup', '--detach', device]
export const readSizeAgain = (device: string): Argv => ['losetup', '--set-capacity', device]

/** No setuid program and no device node of an application is ever honoured in a volume. */
export const mount = (device: string, path: string): Argv => [
  'mount',
  '-t',
  'btrfs',
  '-o',
  'noatime,ssd,discard=async,nosuid,nodev',
  device,
  path,
]
export const unmount = (path: string): Argv => ['umount', path]
export const mounted = (path: string): Argv => ['findmnt', '--json', '--output', 'SOURCE,FSTYPE', '--mountpoint', path]

/**
 * Makes the file at least `bytes` long by allocating its last block. Unlike `truncate` it can never shorten it,
 * whoever else is growing the same file at this moment.
 */
export const lengthen = (image: string, bytes: number): Argv => ['fallocate', '--offset', String(bytes - 4096), '--length', '4096', image]
export const fillDevice = (path: string): Argv => ['btrfs', 'filesystem', 'resize', 'max', path]

export const createSubvolume = (path: string): Argv => ['btrfs', '-q', 'subvolume', 'create', path]
export const snapshotSubvolume = (from: string, to: string, readOnly: boolean): Argv => [
  'btrfs',
  '-q',
  'subvolume',
  'snapshot',
  ...(readOnly ? ['-r'] : []),
  from,
  to,
]
/** On the disk before it returns: without that, what was destroyed could be back after a power cut. */
export const deleteSubvolume = (path: string): Argv => ['btrfs', '-q', 'subvolume', 'delete', '--commit-after', path]
export const makeWritable = (path: string): Argv => ['btrfs', 'property', 'set', '-f', '-t', 'subvol', path, 'ro', 'false']
export const awaitDeleted = (path: string): Argv => ['btrfs', 'subvolume', 'sync', path]
export const writeOut = (path: string): Argv => ['btrfs', 'filesystem', 'sync', path]
export const diskUsage = (path: string): Argv => ['btrfs', 'filesystem', 'du', '-s', '--raw', path]
export const trim = (path: string): Argv => ['fstrim', path]
