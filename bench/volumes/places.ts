// Where the volume bench keeps its databases: the plain host folder and each driver on the file system it is meant for.
import { chmod, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exec, execOk } from '#lib/exec.ts'
import { silentLog } from '#lib/log.ts'
import { createBtrfsVolumes } from '#volumes/btrfs/btrfs.ts'
import { createCopyVolumes } from '#volumes/copy/copy.ts'
import { createReflinkVolumes } from '#volumes/reflink/reflink.ts'
import type { Volumes } from '#volumes/volumes.ts'

export interface Place {
  readonly name: 'plain' | 'btrfs' | 'reflink' | 'copy'
  /** Undefined for the floor: a folder of the host, without a driver. */
  readonly volumes: Volumes | undefined
  readonly source: string
}

export interface Places extends AsyncDisposable {
  readonly folder: string
  readonly all: readonly Place[]
}

const GiB = 1024 ** 3

export async function openPlaces(): Promise<Places> {
  const folder = await mkdtemp(join(tmpdir(), 'friday-bench-volumes-'))
  await chmod(folder, 0o711)
  const made: AsyncDisposable[] = [{ [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true, force: true }) }]
  const dispose = async () => {
    for (const thing of made.toReversed()) await thing[Symbol.asyncDispose]()
  }
  try {
    const xfs = await mountedXfs(join(folder, 'xfs'))
    made.push(xfs)
    const plain = join(folder, 'plain')
    await mkdir(plain, { mode: 0o711 })
    const all: Place[] = [{ name: 'plain', volumes: undefined, source: plain }]
    for (const volumes of [
      createBtrfsVolumes({ folder: join(folder, 'btrfs'), log: silentLog, initialBytes: 16 * GiB }),
      createReflinkVolumes({ folder: join(xfs.path, 'pool') }),
      createCopyVolumes({ folder: join(folder, 'copy') }),
    ]) {
      made.push({ [Symbol.asyncDispose]: async () => await volumes.remove() })
      await volumes.open()
      all.push({ name: volumes.name, volumes, source: (await volumes.create('source')).path })
    }
    return { folder, all, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

async function mountedXfs(folder: string): Promise<AsyncDisposable & { path: string }> {
  const [image, path] = [join(folder, 'xfs.img'), join(folder, 'mounted')]
  await mkdir(path, { recursive: true, mode: 0o711 })
  await writeFile(image, '')
  await truncate(image, 16 * GiB)
  await execOk(['mkfs.xfs', '-q', image])
  const device = (await execOk(['losetup', '--find', '--show', '--direct-io=on', image])).trim()
  const leave = async () => {
    await exec(['umount', path])
    await exec(['losetup', '--detach', device])
  }
  try {
    await execOk(['mount', '-o', 'noatime', device, path])
    await chmod(path, 0o711)
    return { path, [Symbol.asyncDispose]: leave }
  } catch (error) {
    await leave()
    throw error
  }
}
