// The copy driver on whatever file system the temporary folder has; the full disk is a small one of its own. Needs root.
import { join } from 'node:path'
import { temporaryFileSystem, temporaryFolder, type Place } from '#volumes/host.suite.ts'
import { volumesConformance, type Subject } from '#volumes/conformance.suite.ts'
import { createCopyVolumes } from './copy.ts'

volumesConformance('copy', {
  copyOnWrite: false,
  make: async () => subjectAt(await temporaryFolder()),
  makeTiny: async () => subjectAt(await temporaryFileSystem(['mkfs.ext4', '-q', '-F'], 192 * 1024 ** 2)),
})

function subjectAt(place: Place): Subject {
  const path = join(place.path, 'pool')
  return { path, connect: () => createCopyVolumes({ folder: path }), [Symbol.asyncDispose]: async () => await place[Symbol.asyncDispose]() }
}
