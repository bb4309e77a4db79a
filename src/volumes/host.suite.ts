// Places for the real tests: a temporary folder, and a whole small file system in a loop file; both clean up after themselves.
import { chmod, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exec, execOk } from '#lib/exec.ts'

export interface Place extends AsyncDisposable {
  readonly path: string
}

/** Others may pass through: volumes are used by other users than root. */
export async function temporaryFolder(): Promise<Place> {
  const path = await mkdtemp(join(tmpdir(), 'friday-volumes-'))
  await chmod(path, 0o711)
  return { path, [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }) }
}

/** `mkfs` gets the image as its last argument. Needs root. */
export async function temporaryFileSystem(mkfs: [string, ...string[]], bytes: number): Promise<Place> {
  const folder = await temporaryFolder()
  const image = join(folder.path, 'image')
  const path = join(folder.path, 'mounted')
  const leave = async () => {
    await exec(['umount', path])
    await folder[Symbol.asyncDispose]()
  }
  try {
    await mkdir(path)
    await writeFile(image, '')
    await truncate(image, bytes)
    await execOk([...mkfs, image])
    // The mount owns its loop device: unmounting gives it back.
    await execOk(['mount', '-o', 'loop,noatime', image, path])
    await chmod(path, 0o711)
    return { path, [Symbol.asyncDispose]: leave }
  } catch (error) {
    await leave()
    throw error
  }
}
