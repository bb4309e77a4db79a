// The btrfs driver on real loop files: conformance, growth, takeover, reboot, and what a crash or a hostile application leaves. Needs root and btrfs-progs.
import { once } from 'node:events'
import { mkdir, open, readdir, stat, statfs, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exec, execOk, spawnProgram } from '#lib/exec.ts'
import { silentLog } from '#lib/log.ts'
import { waitFor } from '#lib/wait.ts'
import { volumesConformance, type Subject } from '#volumes/conformance.suite.ts'
import { temporaryFileSystem, temporaryFolder, type Place } from '#volumes/host.suite.ts'
import { createBtrfsVolumes, type BtrfsVolumesOptions } from './btrfs.ts'

const MiB = 1024 ** 2
const MB = 1e6

volumesConformance('btrfs in a loop file', {
  copyOnWrite: true,
  make: async () => await looped({ initialBytes: 1024 * MiB }),
  makeTiny: async () => await looped({ initialBytes: 256 * MiB, maxBytes: 256 * MiB }),
})

volumesConformance('btrfs that was there', {
  copyOnWrite: true,
  make: async () => existing(await temporaryFileSystem(['mkfs.btrfs', '-q'], 1024 * MiB)),
  makeTiny: async () => existing(await temporaryFileSystem(['mkfs.btrfs', '-q', '-m', 'single'], 192 * MiB)),
})

test('the pool grows under a writer that never sees a failed write', async () => {
  await using subject = await looped({ initialBytes: 256 * MiB })
  await using volumes = subject.connect()
  await volumes.open()
  const { path } = await volumes.create('one')
  const file = await open(join(path, 'much'), 'w')
  for (let written = 0; written < 900 * MB; written += 4 * MB) {
    await file.write(randomBytes(4 * MB))
    await file.sync()
  }
  await file.close()
  expect((await stat(subject.image)).size).toBeGreaterThan(900 * MB)
  expect((await stat(join(path, 'much'))).size).toBe(900 * MB)
})

test('growth stops before the host would lose its floor, and the refusal names the figures', async () => {
  await using host = await temporaryFileSystem(['mkfs.ext4', '-q', '-F'], 700 * MiB)
  await using subject = await looped({ initialBytes: 256 * MiB, floorBytes: 200 * MiB }, host)
  await using volumes = subject.connect()
  await volumes.open()
  await volumes.create('one')
  const file = await open(join(volumes.locate('one').path, 'much'), 'w')
  const fill = async () => {
    for (;;) {
      await file.write(randomBytes(4 * MB))
      await file.sync()
    }
  }
  await expect(fill()).rejects.toMatchObject({ code: 'ENOSPC' })
  await file.close()
  const { bavail, bsize } = await statfs(host.path)
  expect(bavail * bsize).toBeGreaterThanOrEqual(195 * MiB)
  expect((await volumes.capacity()).growableBytes).toBe(0)
  await expect(volumes.create('two')).rejects.toMatchObject({
    code: 'volumes.no_space',
    message: expect.stringMatching(/cannot grow: its disk has \d+ MB free, of which .* are promised to the pool and 210 MB must stay free/),
  })
  // Full, but not read-only: deleting still works.
  await volumes.destroy('one')
  expect((await volumes.list()).volumes).toEqual([])
})

test('a disk without room for a pool is refused before anything is made', async () => {
  await using host = await temporaryFileSystem(['mkfs.ext4', '-q', '-F'], 64 * MiB)
  await using subject = await looped({}, host)
  const volumes = subject.connect()
  await expect(volumes.open()).rejects.toMatchObject({ code: 'volumes.no_space', message: expect.stringContaining('a pool needs 268 MB') })
  expect(await readdir(subject.folder)).toEqual(['pool'])
})

test('a second object takes over the mounted pool: one mount, one loop device, whoever opens it', async () => {
  await using subject = await looped({ initialBytes: 256 * MiB })
  const objects = [subject.connect(), subject.connect(), subject.connect()] as const
  await objects[0].open()
  await objects[0].create('one')
  await objects[0][Symbol.asyncDispose]()
  await Promise.all([objects[1].open(), objects[2].open()])
  expect(await objects[2].exists('one')).toBe(true)
  expect(await mountsAt(subject.path)).toBe(1)
  expect(await devicesOn(subject.image)).toBe(1)
  for (const object of objects) await object[Symbol.asyncDispose]()
})

test('two first starts at once make one pool', async () => {
  await using subject = await looped({ initialBytes: 256 * MiB })
  await using one = subject.connect()
  await using two = subject.connect()
  await Promise.all([one.open(), two.open()])
  await one.create('by-one')
  expect(await two.exists('by-one')).toBe(true)
  expect(await mountsAt(subject.path)).toBe(1)
  expect(await devicesOn(subject.image)).toBe(1)
})

test('after a reboot (file there, nothing mounted) the pool is mounted again, and growth that was cut off is finished', async () => {
  await using subject = await looped({ initialBytes: 256 * MiB })
  await using before = subject.connect()
  await before.open()
  await before.create('one')
  await before[Symbol.asyncDispose]()
  await execOk(['umount', subject.path])
  const device = (await execOk(['losetup', '--noheadings', '--output', 'NAME', '--associated', subject.image])).trim()
  await execOk(['losetup', '--detach', device])
  await execOk(['truncate', '--size', String(512 * MiB), subject.image])
  await using after = subject.connect()
  await after.open()
  expect(await after.exists('one')).toBe(true)
  expect((await after.capacity()).freeBytes).toBeGreaterThan(450 * MiB)
})

test('something else on the mount point is an error that names it, and is left alone', async () => {
  await using subject = await looped({ initialBytes: 256 * MiB })
  await mkdir(subject.path, { recursive: true })
  await execOk(['mount', '-t', 'tmpfs', 'somebody', subject.path])
  await using volumes = subject.connect()
  await expect(volumes.open()).rejects.toMatchObject({ code: 'volumes.pool_broken', message: expect.stringContaining('somebody (tmpfs)') })
  expect(await mountsAt(subject.path)).toBe(1)
})

test('remove gives back mount, loop device and file; while something runs in the pool it says so', async () => {
  await using subject = await looped({ initialBytes: 256 * MiB })
  const volumes = subject.connect()
  await volumes.open()
  const { path } = await volumes.create('one')
  const sitter = spawnProgram(['sleep', '600'], { cwd: path })
  await once(sitter, 'spawn')
  await expect(volumes.remove()).rejects.toMatchObject({ code: 'volumes.in_use', status: 409 })
  expect(await volumes.exists('one')).toBe(true)
  sitter.kill('SIGKILL')
  await sitter
  await volumes.remove()
  expect(await mountsAt(subject.path)).toBe(0)
  expect(await execOk(['losetup', '--noheadings', '--output', 'BACK-FILE'])).not.toContain(subject.folder)
  await expect(stat(subject.folder)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('an application’s own subvolumes, read-only and oddly named, do not keep its volume from being destroyed', async () => {
  await using subject = await looped({ initialBytes: 256 * MiB })
  await using volumes = subject.connect()
  await volumes.open()
  const { path } = await volumes.create('one')
  await execOk(['btrfs', '-q', 'subvolume', 'create', join(path, 'outer')])
  await mkdir(join(path, 'outer/-x\n$(id)'))
  await execOk(['btrfs', '-q', 'subvolume', 'create', join(path, 'outer/-x\n$(id)/inner')])
  await execOk(['sh', '-c', 'cd "$0" && btrfs -q subvolume create "$(printf \'\\377\')"', path])
  await execOk(['btrfs', 'property', 'set', '-t', 'subvol', join(path, 'outer/-x\n$(id)/inner'), 'ro', 'true'])
  await execOk(['btrfs', 'property', 'set', '-t', 'subvol', join(path, 'outer'), 'ro', 'true'])
  await volumes.destroy('one')
  expect(await readdir(join(subject.path, 'volumes'))).toEqual([])
  expect(await execOk(['btrfs', 'subvolume', 'list', subject.path])).toBe('')
})

test('a snapshot cannot be written to, and no setuid program or device works in a volume', async () => {
  await using subject = await looped({ initialBytes: 256 * MiB })
  await using volumes = subject.connect()
  await volumes.open()
  await volumes.create('one')
  await volumes.snapshot('one', 'two')
  await expect(writeFile(join(volumes.locateSnapshot('two').path, 'file'), 'x')).rejects.toMatchObject({ code: 'EROFS' })
  expect(await execOk(['findmnt', '--noheadings', '--output', 'OPTIONS', '--mountpoint', subject.path])).toMatch(/nosuid,nodev/)
})

test('what is destroyed goes back to the host, also where it lay between what stays', async () => {
  await using subject = await looped({ initialBytes: 512 * MiB })
  await using volumes = subject.connect()
  await volumes.open()
  const [stays, goes] = [await volumes.create('stays'), await volumes.create('goes')]
  for (let part = 0; part < 60; part++) {
    for (const { path } of [stays, goes]) await writeFile(join(path, String(part)), randomBytes(2 * MB), { flush: true })
  }
  const blocks = async () => (await stat(subject.image)).blocks * 512
  expect(await blocks()).toBeGreaterThan(240 * MB)
  await volumes.destroy('goes')
  expect(await waitFor(async () => (await blocks()) < 150 * MB, { timeoutMs: 20_000, everyMs: 200 })).toBe(true)
})

test('a pool that was there keeps everything but Friday’s two folders when it is removed', async () => {
  await using place = await temporaryFileSystem(['mkfs.btrfs', '-q'], 256 * MiB)
  await writeFile(join(place.path, 'theirs'), 'x')
  const volumes = createBtrfsVolumes({ folder: '/unused', pool: place.path, log: silentLog })
  await volumes.open()
  await volumes.create('one')
  await volumes.snapshot('one', 'two')
  await volumes.remove()
  expect(await readdir(place.path)).toEqual(['theirs'])
})

test('a folder that is not on btrfs is refused by name', async () => {
  await using place = await temporaryFolder()
  const volumes = createBtrfsVolumes({ folder: place.path, pool: place.path, log: silentLog })
  await expect(volumes.open()).rejects.toMatchObject({ code: 'volumes.unsupported', message: expect.stringContaining(place.path) })
})

type LoopSubject = Subject & { readonly folder: string; readonly image: string }

async function looped(options: Partial<BtrfsVolumesOptions>, host?: Place): Promise<LoopSubject> {
  const place = host ?? (await temporaryFolder())
  const folder = join(place.path, 'volumes')
  const path = join(folder, 'pool')
  const image = join(folder, 'pool.img')
  return {
    path,
    folder,
    image,
    connect: () => createBtrfsVolumes({ folder, log: silentLog, ...options }),
    async [Symbol.asyncDispose]() {
      // A test that went wrong may have left more than one.
      while ((await exec(['umount', path])).ok);
      const { stdout } = await exec(['losetup', '--noheadings', '--output', 'NAME', '--associated', image])
      for (const device of stdout.split('\n').filter(Boolean)) await exec(['losetup', '--detach', device.trim()])
      // A host that was passed in belongs to the test.
      if (host === undefined) await place[Symbol.asyncDispose]()
    },
  }
}

function existing(place: Place): Subject {
  return {
    path: place.path,
    connect: () => createBtrfsVolumes({ folder: '/unused', pool: place.path, log: silentLog }),
    [Symbol.asyncDispose]: async () => await place[Symbol.asyncDispose](),
  }
}

async function mountsAt(path: string): Promise<number> {
  const { stdout } = await exec(['findmnt', '--noheadings', '--output', 'TARGET', '--mountpoint', path])
  return stdout.split('\n').filter(Boolean).length
}

async function devicesOn(image: string): Promise<number> {
  return (await execOk(['losetup', '--noheadings', '--output', 'NAME', '--associated', image])).split('\n').filter(Boolean).length
}
