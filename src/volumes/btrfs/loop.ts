// Friday's own btrfs: one sparse file, attached to one loop device, mounted once, and taken over by whoever comes next.
import { link, mkdir, realpath, rm, rmdir, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exec, execError, execOk } from '#lib/exec.ts'
import { waitFor } from '#lib/wait.ts'
import { fail } from '#volumes/errors.ts'
import { halfMadeName, leftovers } from '#volumes/halfmade.ts'
import { devicesOf, mountOf } from './answers.ts'
import * as commands from './commands.ts'

const LET_GO_MS = 5000

export class LoopFile {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  get image(): string {
    return join(this.#folder, 'pool.img')
  }

  get path(): string {
    return join(this.#folder, 'pool')
  }

  /** Mounted and as large as its file when this returns. `newSize` (bytes) is asked for only if there is no file yet. */
  async ready(newSize: () => Promise<number>): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o711 })
    for (const path of await leftovers(this.#folder)) await rm(path, { force: true })
    if (!(await this.#isMounted())) {
      if (!(await this.exists())) await this.#make(await newSize())
      await this.#mount()
    }
    // A process that died between lengthening the file and resizing left the rest to us.
    await this.#fill()
  }

  async exists(): Promise<boolean> {
    return (await this.#stat()) !== undefined
  }

  /** Length of the file and the bytes the host has given to it. */
  async size(): Promise<{ sizeBytes: number; allocatedBytes: number }> {
    const { size, blocks } = await stat(this.image)
    return { sizeBytes: size, allocatedBytes: blocks * 512 }
  }

  async grow(toBytes: number): Promise<void> {
    await execOk(commands.lengthen(this.image, toBytes))
    await this.#fill()
  }

  /** Unmounts and frees the loop device. What still runs in the pool makes this `volumes.in_use`. */
  async detach(): Promise<void> {
    const unmounted = await waitFor(
      async () => !(await this.#isMounted()) || ((await exec(commands.unmount(this.path))).ok && !(await this.#isMounted())),
      { timeoutMs: LET_GO_MS, everyMs: 100 },
    )
    if (!unmounted) throw fail('in_use', `The pool at ${this.path} cannot be unmounted: something still uses it.`, { path: this.path })
    if (!(await this.exists())) return
    for (const device of await this.#devices()) await execOk(commands.detach(device))
    // A mount namespace that outlives its container keeps the device; deleting the file then would only hide its blocks.
    const free = await waitFor(async () => (await this.#devices()).length === 0, { timeoutMs: LET_GO_MS, everyMs: 50 })
    if (!free) throw fail('in_use', `The loop device of ${this.image} is still in use.`, { image: this.image })
  }

  async remove(): Promise<void> {
    await this.detach()
    await rm(this.image, { force: true })
    await rmdir(this.path).catch(() => undefined)
    await rmdir(this.#folder).catch(() => undefined)
  }

  /** Appears under its name only when it holds a file system; of two makers one wins and both use its file. */
  async #make(bytes: number): Promise<void> {
    const half = join(this.#folder, halfMadeName())
    try {
      await writeFile(half, '', { mode: 0o600, flag: 'wx' })
      await truncate(half, bytes)
      await execOk(commands.makeFileSystem(half))
      await link(half, this.image)
    } catch (error) {
      if (!(await this.exists())) throw error
    } finally {
      await rm(half, { force: true })
    }
  }

  async #mount(): Promise<void> {
    const device = await this.#attach()
    const result = await exec(commands.mount(device, this.path))
    if (!result.ok && !(await this.#isMounted())) throw execError(result)
  }

  async #attach(): Promise<string> {
    // Direct I/O keeps each block in memory once instead of twice; not every host file system can.
    const direct = await exec(commands.attach(this.image, true))
    return (direct.ok ? direct.stdout : await execOk(commands.attach(this.image, false))).trim()
  }

  async #fill(): Promise<void> {
    for (const device of await this.#devices()) await execOk(commands.readSizeAgain(device))
    await execOk(commands.fillDevice(this.path))
  }

  /** True when our file is mounted there; anything else that is mounted there is an error, never unmounted by us. */
  async #isMounted(): Promise<boolean> {
    const path = await realpath(this.path).catch(() => undefined)
    if (path === undefined) return false
    const found = mountOf((await exec(commands.mounted(path))).stdout)
    if (found === undefined) return false
    if (found.fstype === 'btrfs' && (await this.exists()) && (await this.#devices()).includes(found.source)) return true
    throw fail('pool_broken', `At ${path} something else is mounted: ${found.source} (${found.fstype}), not ${this.image}.`, { path })
  }

  async #devices(): Promise<string[]> {
    return devicesOf(await execOk(commands.attached(this.image)))
  }

  async #stat() {
    return await stat(this.image).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
  }
}
