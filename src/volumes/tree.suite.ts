// A folder with everything a copy can get wrong, and a way to say in full what a folder holds.
import { createHash } from 'node:crypto'
import { chmod, chown, link, lstat, mkdir, open, readdir, readFile, readlink, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execOk } from '#lib/exec.ts'

export async function plantOddTree(root: string): Promise<void> {
  await mkdir(join(root, 'data/inner'), { recursive: true })
  await chown(join(root, 'data'), 1234, 2345)
  await chmod(join(root, 'data'), 0o2750)
  await writeFile(join(root, 'data/plain'), 'plain')
  await chmod(join(root, 'data/plain'), 0o640)
  await chown(join(root, 'data/plain'), 1234, 2345)
  await utimes(join(root, 'data/plain'), 1_000_000_000, 1_000_000_000)
  await link(join(root, 'data/plain'), join(root, 'data/inner/second name'))
  await symlink('../data/plain', join(root, 'data/relative'))
  await symlink('/nowhere/at/all', join(root, 'data/dangling'))
  await writeFile(join(root, 'data/-rf'), 'dash')
  await writeFile(join(root, 'data/new\nline "$(id)"'), 'hostile name')
  await writeFile(Buffer.concat([Buffer.from(`${root}/data/`), Buffer.from([0xff, 0xfe])]), 'not UTF-8')
  await writeFile(join(root, 'data/empty'), '')
  await writeFile(join(root, 'data/tool'), '#!/bin/sh\n', { mode: 0o755 })
  await execOk(['setcap', 'cap_net_raw+ep', join(root, 'data/tool')])
  await execOk(['mkfifo', join(root, 'data/fifo')])
  const sparse = await open(join(root, 'data/sparse'), 'w')
  await sparse.write('end', 20_000_000)
  await sparse.close()
}

/** One line for each thing in the folder: all that a copy must keep. */
export async function describeTree(root: string): Promise<string[]> {
  const lines: string[] = []
  const inodes = new Map<number, string>()
  const folders = [Buffer.from(root)]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const name of (await readdir(folder, { encoding: 'buffer' })).toSorted(Buffer.compare)) {
      const path = Buffer.concat([folder, Buffer.from('/'), name])
      if ((await lstat(path)).isDirectory()) folders.push(path)
      lines.push(await describe(path, root, inodes))
    }
  }
  const capabilities = await execOk(['getcap', '-r', root])
  return [...lines, capabilities.replaceAll(root, '')]
}

async function describe(path: Buffer, root: string, inodes: Map<number, string>): Promise<string> {
  const name = path.subarray(root.length).toString('latin1')
  const stats = await lstat(path)
  const first = inodes.get(stats.ino) ?? name
  inodes.set(stats.ino, first)
  const content = stats.isSymbolicLink()
    ? await readlink(path)
    : stats.isFile()
      ? createHash('sha256')
          .update(await readFile(path))
          .digest('hex')
      : ''
  const holes = stats.isFile() && stats.size > 1e6 ? `holes=${stats.blocks * 512 < stats.size / 2}` : ''
  // Sizes of folders are the file system's own business.
  const size = stats.isDirectory() ? '' : stats.size
  return [name, stats.mode.toString(8), stats.uid, stats.gid, size, stats.mtimeMs, `same as ${first}`, content, holes].join(' ')
}
