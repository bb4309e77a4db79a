// Learns of every end of a process: from the file its monitor leaves, or from the process being gone when the monitor was killed too.
import type { FSWatcher } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isThere, readIfThere } from '#lib/files.ts'
import { watchFolder } from './watch.ts'

export interface Exit {
  readonly exitCode: number
  readonly outOfMemory: boolean
}

/** What an exit looks like when nobody was left to tell it: as if killed. */
export const UNKNOWN_EXIT: Exit = { exitCode: 137, outOfMemory: false }
const CARETAKER_MS = 2000

export class ExitWatch {
  readonly #folder: string
  #watcher: FSWatcher | undefined
  #caretaker: NodeJS.Timeout | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  /** `notice` may be called more than once and too often; `every` runs now and then, for what the file system does not tell. */
  async begin(notice: (id: string) => void, every: () => void): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    this.#watcher = watchFolder(this.#folder, (name) => {
      if (name !== null && !name.includes('.')) notice(name)
    })
    this.#caretaker = setInterval(every, CARETAKER_MS)
    this.#caretaker.unref()
  }

  /** The exit of a process whose folder is `folder`, once its monitor has written it. */
  async read(id: string, folder: string): Promise<Exit | undefined> {
    const text = await readIfThere(join(this.#folder, id))
    if (text === undefined || !/^-?\d+$/.test(text.trim())) return undefined
    const code = Number(text)
    return { exitCode: code < 0 ? UNKNOWN_EXIT.exitCode : code, outOfMemory: await isThere(join(folder, 'oom')) }
  }

  async forget(id: string, folder: string): Promise<void> {
    await Promise.all([rm(join(this.#folder, id), { force: true }), rm(join(folder, 'oom'), { force: true })])
  }

  end(): void {
    this.#watcher?.close()
    clearInterval(this.#caretaker)
  }
}
