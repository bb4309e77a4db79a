// The contract of a volume driver as tests: a new driver is done when these pass on the real thing.
import { mkdir, open, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { execOk } from '#lib/exec.ts'
import { randomId } from '#lib/ids.ts'
import { waitFor } from '#lib/wait.ts'
import { hostileIds } from './hostile.suite.ts'
import { isFolder } from './layout.ts'
import { describeTree, plantOddTree } from './tree.suite.ts'
import { startPair } from './pair.suite.ts'
import type { Volumes } from './volumes.ts'

/** A pool for one test file: where it lies and how another process would come to it. */
export interface Subject extends AsyncDisposable {
  /** The folder that holds `volumes/` and `snapshots/`. */
  readonly path: string
  /** A new object on the same pool, not opened. */
  connect(): Volumes
}

export interface Suite {
  /** True when a clone shares its blocks with its origin. */
  readonly copyOnWrite: boolean
  /** Room for about 1 GB. */
  make(): Promise<Subject>
  /** A pool with less than 400 MB, and no way to grow. */
  makeTiny(): Promise<Subject>
}

const MB = 1e6

export function volumesConformance(name: string, suite: Suite): void {
  describe(`volumes: ${name}`, () => {
    let subject: Subject
    let volumes: Volumes

    beforeAll(async () => {
      subject = await suite.make()
      volumes = subject.connect()
      await volumes.open()
    })
    afterAll(async () => {
      await volumes?.[Symbol.asyncDispose]()
      await subject?.[Symbol.asyncDispose]()
    })

    const text = async (volume: string, file = 'file') => await readFile(join(volumes.locate(volume).path, file), 'utf8')
    const write = async (volume: string, content: string | Buffer, file = 'file') =>
      await writeFile(join(volumes.locate(volume).path, file), content)

    test('an empty volume, made once; another user may pass through it but not list it', async () => {
      const id = randomId()
      const { path } = await volumes.create(id)
      expect(path).toBe(volumes.locate(id).path)
      expect((await stat(path)).mode & 0o7777).toBe(0o711)
      expect(await volumes.exists(id)).toBe(true)
      await mkdir(join(path, 'db'))
      await execOk(['chown', '12345:12345', join(path, 'db')])
      await execOk(['sh', '-c', 'echo kept > "$0"', join(path, 'db/file')], { uid: 12345, gid: 12345 })
      await expect(execOk(['ls', path], { uid: 12345, gid: 12345 })).rejects.toThrow('Permission denied')
      await volumes.create(id)
      expect(await text(id, 'db/file')).toBe('kept\n')
    })

    test('a clone is equal in content, owners, modes, times, links, holes and extended attributes', async () => {
      const [origin, snapshot, clone] = [randomId(), randomId(), randomId()]
      const { path } = await volumes.create(origin)
      await plantOddTree(path)
      await volumes.snapshot(origin, snapshot)
      const cloned = await volumes.clone({ snapshot }, clone)
      const before = await describeTree(path)
      expect(before.length).toBe(14)
      expect(await describeTree(volumes.locateSnapshot(snapshot).path)).toEqual(before)
      expect(await describeTree(cloned.path)).toEqual(before)
      expect((await stat(cloned.path)).mode & 0o7777).toBe(0o711)
    })

    test('origin, snapshot and clones do not see each other’s writes', async () => {
      const [origin, snapshot, one, two] = [randomId(), randomId(), randomId(), randomId()]
      await volumes.create(origin)
      await write(origin, 'first')
      await volumes.snapshot(origin, snapshot)
      await volumes.clone({ snapshot }, one)
      await volumes.clone({ snapshot }, two)
      await write(origin, 'origin')
      await write(one, 'one')
      expect([await text(origin), await text(one), await text(two)]).toEqual(['origin', 'one', 'first'])
      expect(await readFile(join(volumes.locateSnapshot(snapshot).path, 'file'), 'utf8')).toBe('first')
    })

    test('a volume is cloned as it is now, without a snapshot of it', async () => {
      const [origin, clone] = [randomId(), randomId()]
      const { path } = await volumes.create(origin)
      await plantOddTree(path)
      const before = await describeTree(path)
      const cloned = await volumes.clone({ volume: origin }, clone)
      expect(await describeTree(cloned.path)).toEqual(before)
      await write(origin, 'origin')
      await volumes.clone({ volume: origin }, clone)
      await write(clone, 'mine')
      expect([await text(origin), await text(clone)]).toEqual(['origin', 'mine'])
      expect((await volumes.list()).snapshots).not.toContain(clone)
      await volumes.destroy(origin)
      expect(await text(clone)).toBe('mine')
      await expect(volumes.clone({ volume: origin }, randomId())).rejects.toMatchObject({ code: 'volumes.no_volume', status: 404 })
    })

    test('a snapshot or a clone that exists is kept as it is', async () => {
      const [origin, snapshot, clone] = [randomId(), randomId(), randomId()]
      await volumes.create(origin)
      await write(origin, 'first')
      await volumes.snapshot(origin, snapshot)
      await volumes.clone({ snapshot }, clone)
      await write(origin, 'second')
      await write(clone, 'mine')
      await volumes.snapshot(origin, snapshot)
      await volumes.clone({ snapshot }, clone)
      expect(await readFile(join(volumes.locateSnapshot(snapshot).path, 'file'), 'utf8')).toBe('first')
      expect(await text(clone)).toBe('mine')
    })

    test('the same call twice at once makes one', async () => {
      const [origin, snapshot, clone] = [randomId(), randomId(), randomId()]
      await Promise.all([volumes.create(origin), volumes.create(origin)])
      await write(origin, 'first')
      await Promise.all([volumes.snapshot(origin, snapshot), volumes.snapshot(origin, snapshot)])
      await Promise.all([volumes.clone({ snapshot }, clone), volumes.clone({ snapshot }, clone), volumes.clone({ snapshot }, clone)])
      expect(await execOk(['ls', '-A', volumes.locate(clone).path])).toBe('file\n')
      await Promise.all([volumes.destroy(clone), volumes.destroy(clone)])
      expect(await volumes.exists(clone)).toBe(false)
    })

    test('every snapshot under a writer keeps the writer’s order (or the writer is paused, as the driver says)', async () => {
      const origin = randomId()
      const { path } = await volumes.create(origin)
      // Between the two files lies enough for a copy that is no point in time to be caught.
      await write(origin, '', 'a')
      for (let file = 0; file < 1000; file++) await write(origin, 'x', `between-${file}`)
      await using pair = startPair(path)
      expect(await waitFor(async () => (await pair.count()) > 20, { timeoutMs: 20_000 })).toBe(true)
      for (let round = 0; round < 15; round++) {
        const before = await pair.count()
        if (!volumes.atomic) pair.pause()
        await volumes.snapshot(origin, `${origin}-${round}`)
        pair.goOn()
        const { path: frozen } = volumes.locateSnapshot(`${origin}-${round}`)
        const [a, b] = await Promise.all([pair.read(frozen, 'a'), pair.read(frozen, 'b')])
        expect(a).toBeGreaterThanOrEqual(before)
        expect(a - b).toBeGreaterThanOrEqual(0)
        expect(a - b).toBeLessThanOrEqual(1)
        expect(await waitFor(async () => (await pair.count()) > a, { timeoutMs: 20_000 })).toBe(true)
        expect(await pair.read(frozen, 'a')).toBe(a)
      }
    })

    test('destroying twice is destroying once, and leaves the snapshots of a volume', async () => {
      const [origin, snapshot] = [randomId(), randomId()]
      await volumes.create(origin)
      await write(origin, 'first')
      await volumes.snapshot(origin, snapshot)
      await volumes.destroy(origin)
      await volumes.destroy(origin)
      expect(await volumes.exists(origin)).toBe(false)
      await volumes.clone({ snapshot }, origin)
      expect(await text(origin)).toBe('first')
      await volumes.destroySnapshot(snapshot)
      await volumes.destroySnapshot(snapshot)
      expect(await text(origin)).toBe('first')
      await expect(volumes.clone({ snapshot }, randomId())).rejects.toMatchObject({ code: 'volumes.no_snapshot', status: 404 })
    })

    test('a tree deeper than a path can be long is destroyed, and copied whole or not at all', async () => {
      const [origin, snapshot] = [randomId(), randomId()]
      const { path } = await volumes.create(origin)
      const step = 'd'.repeat(200)
      await execOk(['sh', '-c', `cd "$0"; for i in $(seq 40); do mkdir ${step} && cd -P ./${step} || exit 1; done; echo deep > file`, path])
      const copied = await volumes.snapshot(origin, snapshot).catch((error: unknown) => error)
      if (copied !== undefined) expect(copied).toMatchObject({ code: 'volumes.copy_failed' })
      expect((await volumes.list()).snapshots.includes(snapshot)).toBe(copied === undefined)
      await volumes.destroy(origin)
      await volumes.destroySnapshot(snapshot)
      const { volumes: left, snapshots } = await volumes.list()
      expect([left.includes(origin), snapshots.includes(snapshot)]).toEqual([false, false])
      expect(await execOk(['find', subject.path, '-name', '.half-*'])).toBe('')
    })

    test('the list names what is complete, sorted', async () => {
      const [origin, snapshot, clone] = ['list-b', 'list-s', 'list-a']
      await volumes.create(origin)
      await volumes.snapshot(origin, snapshot)
      await volumes.clone({ snapshot }, clone)
      const listed = await volumes.list()
      expect(listed.volumes.filter((id) => id.startsWith('list-'))).toEqual(['list-a', 'list-b'])
      expect(listed.snapshots.filter((id) => id.startsWith('list-'))).toEqual(['list-s'])
    })

    test('what is missing is said to be missing', async () => {
      await expect(volumes.snapshot('missing', 'any')).rejects.toMatchObject({ code: 'volumes.no_volume', status: 404 })
      await expect(volumes.usage('missing')).rejects.toMatchObject({ code: 'volumes.no_volume' })
      await expect(volumes.clone({ snapshot: 'missing' }, 'any')).rejects.toMatchObject({ code: 'volumes.no_snapshot' })
      expect(await volumes.exists('missing')).toBe(false)
      expect((await volumes.list()).volumes).not.toContain('any')
    })

    test.each(hostileIds)('the id %j is refused everywhere', async (id) => {
      const refused = expect.objectContaining({ code: 'volumes.bad_id', status: 400 })
      const before = await volumes.list()
      for (const call of [
        async () => await volumes.create(id),
        async () => await volumes.exists(id),
        async () => await volumes.snapshot(id, 'plain'),
        async () => await volumes.snapshot('plain', id),
        async () => await volumes.clone({ snapshot: id }, 'plain'),
        async () => await volumes.clone({ volume: id }, 'plain'),
        async () => await volumes.clone({ snapshot: 'plain' }, id),
        async () => await volumes.destroy(id),
        async () => await volumes.destroySnapshot(id),
        async () => await volumes.usage(id),
      ]) {
        await expect(call()).rejects.toThrow(refused)
      }
      expect(() => volumes.locate(id)).toThrow(refused)
      expect(() => volumes.locateSnapshot(id)).toThrow(refused)
      expect(await volumes.list()).toEqual(before)
    })

    test('usage: what a volume owns alone grows with what it writes', async () => {
      const [origin, snapshot, clone] = [randomId(), randomId(), randomId()]
      await volumes.create(origin)
      await write(origin, randomBytes(50 * MB))
      const alone = await volumes.usage(origin)
      expect(alone.ownBytes).toBeGreaterThan(49 * MB)
      expect(alone.ownBytes).toBeLessThan(52 * MB)
      await volumes.snapshot(origin, snapshot)
      await volumes.clone({ snapshot }, clone)
      const fresh = await volumes.usage(clone)
      if (!suite.copyOnWrite) {
        expect(fresh.ownBytes).toBeGreaterThan(49 * MB)
        expect(fresh.sharedBytes).toBe(0)
        return
      }
      expect(fresh.ownBytes).toBeLessThan(1 * MB)
      expect(fresh.sharedBytes).toBeGreaterThan(49 * MB)
      const file = await open(join(volumes.locate(clone).path, 'file'), 'r+')
      await file.write(randomBytes(10 * MB), 0, 10 * MB, 20 * MB)
      await file.close()
      const written = await volumes.usage(clone)
      expect(written.ownBytes).toBeGreaterThan(9.9 * MB)
      expect(written.ownBytes).toBeLessThan(12 * MB)
      expect(written.sharedBytes).toBeLessThan(41 * MB)
    })

    test('capacity falls as bytes are written', async () => {
      const id = randomId()
      await volumes.create(id)
      const before = await volumes.capacity()
      expect(before.freeBytes).toBeGreaterThan(50 * MB)
      await write(id, randomBytes(40 * MB))
      await execOk(['sync', '-f', volumes.locate(id).path])
      const after = await volumes.capacity()
      expect(after.freeBytes + after.growableBytes).toBeLessThan(before.freeBytes + before.growableBytes)
    })

    test('a second process finds everything, and clears what a crash left half made, but nothing that is whole', async () => {
      const [origin, snapshot] = [randomId(), randomId()]
      await volumes.create(origin)
      await write(origin, 'first')
      await volumes.snapshot(origin, snapshot)
      const dead = await deadPid()
      const halves = [join(subject.path, `volumes/.half-${dead}-abc`), join(subject.path, `snapshots/.half-${dead}-abc`)]
      for (const half of halves) await mkdir(join(half, 'inner'), { recursive: true })
      const living = join(subject.path, `volumes/.half-${process.ppid}-abc`)
      await mkdir(living)
      const before = await volumes.list()
      await using second = subject.connect()
      await second.open()
      expect(await second.list()).toEqual(before)
      for (const half of halves) expect(await isFolder(half)).toBe(false)
      expect(await isFolder(living)).toBe(true)
      await second.clone({ snapshot }, `${origin}-2`)
      expect(await text(`${origin}-2`)).toBe('first')
      await execOk(['rmdir', living])
    })
  })

  test(`volumes: ${name}: a full pool refuses with figures, leaves nothing half made, and goes on after a delete`, async () => {
    await using subject = await suite.makeTiny()
    await using volumes = subject.connect()
    await volumes.open()
    await volumes.create('full')
    await volumes.create('ballast')
    await writeFile(join(volumes.locate('full').path, 'some'), randomBytes(40 * MB))
    await fill(join(volumes.locate('ballast').path, 'most'))
    const refused = await volumes.snapshot('full', 'never').catch((error: unknown) => error)
    expect(refused).toMatchObject({
      code: 'volumes.no_space',
      status: 507,
      message: expect.stringMatching(/snapshot volume full.* [kMG]B free/),
    })
    expect(await volumes.list()).toEqual({ volumes: ['ballast', 'full'], snapshots: [] })
    const left = await execOk(['find', subject.path, '-name', '.half-*'])
    expect(left).toBe('')
    await volumes.destroy('ballast')
    const made = await waitFor(
      async () =>
        await volumes.snapshot('full', 'now').then(
          () => true,
          () => false,
        ),
      { timeoutMs: 30_000, everyMs: 200 },
    )
    expect(made).toBe(true)
    await volumes.clone({ snapshot: 'now' }, 'again')
    expect((await stat(join(volumes.locate('again').path, 'some'))).size).toBe(40 * MB)
  })

  test(`volumes: ${name}: detach lets go of everything and keeps the data`, async () => {
    await using subject = await suite.makeTiny()
    const volumes = subject.connect()
    await volumes.open()
    const { path } = await volumes.create('kept')
    await writeFile(join(path, 'file'), 'kept')
    await volumes.detach()
    await volumes.detach()
    await volumes.open()
    expect(await readFile(join(volumes.locate('kept').path, 'file'), 'utf8')).toBe('kept')
    await volumes[Symbol.asyncDispose]()
  })

  test(`volumes: ${name}: removing the pool removes all of it, twice`, async () => {
    await using subject = await suite.makeTiny()
    const volumes = subject.connect()
    await volumes.open()
    await volumes.create('one')
    await writeFile(join(volumes.locate('one').path, 'file'), 'x')
    await volumes.snapshot('one', 'two')
    await volumes.remove()
    expect(await isFolder(join(subject.path, 'volumes'))).toBe(false)
    expect(await isFolder(join(subject.path, 'snapshots'))).toBe(false)
    await volumes.remove()
    await volumes[Symbol.asyncDispose]()
  })
}

/** Writes until the file system says it is full. */
async function fill(path: string): Promise<void> {
  const file = await open(path, 'w')
  try {
    for (const size of [4 * MB, 4096]) {
      const block = randomBytes(size)
      const full = async () => {
        for (;;) await file.write(block)
      }
      await expect(full()).rejects.toMatchObject({ code: 'ENOSPC' })
    }
  } finally {
    await file.close()
  }
}

/** The pid of a process that has been and gone. */
async function deadPid(): Promise<number> {
  return Number(await execOk(['sh', '-c', 'echo $$']))
}
