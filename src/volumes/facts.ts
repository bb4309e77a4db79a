// Reading from the machine what the choice of a volume driver depends on.
import { constants } from 'node:fs'
import { access, mkdir, readFile } from 'node:fs/promises'
import { exec } from '#lib/exec.ts'
import { isBtrfs } from './btrfs/pool.ts'
import type { VolumeFacts } from './choose.ts'
import { canShareBlocks } from './reflink/clone.ts'

/** Makes `folder` if it is missing, and tries in it what can only be known by trying. */
export async function readVolumeFacts(folder: string): Promise<VolumeFacts> {
  await mkdir(folder, { recursive: true, mode: 0o711 })
  const [programs, kernel, loopDevices, onBtrfs, reflinks] = await Promise.all([
    hasPrograms(),
    kernelKnowsBtrfs(),
    canUse('/dev/loop-control'),
    process.platform === 'linux' && isBtrfs(folder),
    canShareBlocks(folder),
  ])
  return { root: process.getuid?.() === 0, onBtrfs, reflinks, btrfs: programs && kernel, loopDevices }
}

async function hasPrograms(): Promise<boolean> {
  const answers = await Promise.all(
    (
      [
        ['btrfs', '--version'],
        ['mkfs.btrfs', '--version'],
        ['losetup', '--version'],
      ] as const
    ).map(([program, flag]) => runs(program, flag)),
  )
  return answers.every(Boolean)
}

async function runs(program: string, flag: string): Promise<boolean> {
  return await exec([program, flag]).then(
    ({ ok }) => ok,
    () => false,
  )
}

/** The module is loaded by the first mount; a kernel that has it only as a file is asked by dry run. */
async function kernelKnowsBtrfs(): Promise<boolean> {
  const known = await readFile('/proc/filesystems', 'utf8').catch(() => '')
  return (
    /\bbtrfs$/m.test(known) ||
    (await exec(['modprobe', '--dry-run', 'btrfs']).then(
      ({ ok }) => ok,
      () => false,
    ))
  )
}

async function canUse(path: string): Promise<boolean> {
  return await access(path, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  )
}
