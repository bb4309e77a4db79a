// The reflink driver on a real XFS in a loop file. Needs root and xfsprogs.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { volumesConformance, type Subject } from '#volumes/conformance.suite.ts'
import { temporaryFileSystem, type Place } from '#volumes/host.suite.ts'
import { createReflinkVolumes } from './reflink.ts'

const MiB = 1024 ** 2

volumesConformance('reflink on XFS', {
  copyOnWrite: true,
  make: async () => subjectAt(await temporaryFileSystem(['mkfs.xfs', '-q'], 1024 * MiB)),
  makeTiny: async () => subjectAt(await temporaryFileSystem(['mkfs.xfs', '-q'], 320 * MiB)),
})

test('a file system without reflinks is refused by name, before anything is made of it', async () => {
  await using place = await temporaryFileSystem(['mkfs.ext4', '-q', '-F'], 64 * MiB)
  const volumes = createReflinkVolumes({ folder: join(place.path, 'pool') })
  await expect(volumes.open()).rejects.toMatchObject({ code: 'volumes.unsupported', message: expect.stringContaining(place.path) })
})

test('a clone that cannot share blocks fails; it is never a full copy in disguise', async () => {
  await using place = await temporaryFileSystem(['mkfs.xfs', '-q', '-m', 'reflink=0'], 320 * MiB)
  const volumes = createReflinkVolumes({ folder: join(place.path, 'pool') })
  await expect(volumes.open()).rejects.toMatchObject({ code: 'volumes.unsupported' })
  await volumes.create('one')
  await writeFile(join(volumes.locate('one').path, 'file'), 'x'.repeat(5000))
  await expect(volumes.snapshot('one', 'two')).rejects.toMatchObject({ code: 'volumes.copy_failed' })
  expect((await volumes.list()).snapshots).toEqual([])
})

function subjectAt(place: Place): Subject {
  const path = join(place.path, 'pool')
  return {
    path,
    connect: () => createReflinkVolumes({ folder: path }),
    [Symbol.asyncDispose]: async () => await place[Symbol.asyncDispose](),
  }
}
