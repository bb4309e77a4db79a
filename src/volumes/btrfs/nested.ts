// Deleting a subvolume in which its application made subvolumes of its own (any user may), whatever it named them.
import { isUtf8 } from 'node:buffer'
import { lstat, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { exec, execError, execOk } from '#lib/exec.ts'
import { randomId } from '#lib/ids.ts'
import * as commands from './commands.ts'

/** Every btrfs subvolume's root has this inode number, and no other file has it. */
const SUBVOLUME_INODE = 256

/** Deletes the subvolume and all below it. Nothing may run in it any more. */
export async function deleteWithNested(path: string): Promise<void> {
  const result = await exec(commands.deleteSubvolume(path))
  if (result.ok) return
  if (!result.stderr.includes('not empty')) throw execError(result)
  const found = await nestedIn(path)
  for (const nested of found.toReversed()) await execOk(commands.deleteSubvolume(nested))
  await execOk(commands.deleteSubvolume(path))
}

/** Paths of the subvolumes below, outer ones first, each made writable so that what is in it can go. */
async function nestedIn(path: string): Promise<string[]> {
  const found: string[] = []
  await execOk(commands.makeWritable(path))
  const folders = [path]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of await readdir(folder, { withFileTypes: true, encoding: 'buffer' })) {
      if (!entry.isDirectory()) continue
      const inner = await nameable(folder, entry.name)
      folders.push(inner)
      if ((await lstat(inner)).ino !== SUBVOLUME_INODE) continue
      await execOk(commands.makeWritable(inner))
      found.push(inner)
    }
  }
  return found
}

/** A name that is not UTF-8 cannot be an argument of a program: the folder, about to be deleted anyway, gets another. */
async function nameable(folder: string, name: Buffer): Promise<string> {
  if (isUtf8(name)) return join(folder, name.toString('utf8'))
  const plain = join(folder, `.named-${randomId()}`)
  await rename(Buffer.concat([Buffer.from(`${folder}/`), name]), plain)
  return plain
}
