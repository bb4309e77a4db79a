// Cloning a tree by sharing its blocks, and finding out whether a folder's file system can.
import { constants } from 'node:fs'
import { copyFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { halfMadeName } from '#volumes/halfmade.ts'

/** Fails rather than fall back to a full copy, which would take all the room while looking like a clone. */
export function cloneArgv(platform: NodeJS.Platform, from: string, to: string): [string, ...string[]] {
  return platform === 'darwin' ? ['cp', '-acR', '--', from, to] : ['cp', '-a', '--reflink=always', '--', from, to]
}

/** Tries it with one small file in `folder`. */
export async function canShareBlocks(folder: string): Promise<boolean> {
  const from = join(folder, halfMadeName())
  const to = join(folder, halfMadeName())
  try {
    await writeFile(from, Buffer.alloc(8192, 1))
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE)
    return true
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (['ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ENOSYS', 'ENOTTY', 'EXDEV'].includes(code)) return false
    throw error
  } finally {
    await rm(from, { force: true })
    await rm(to, { force: true })
  }
}
