// What a process wrote, by byte position, across rotation: a folder of segments called `s-<position of their first byte>`, with or without a suffix.
import { open, readdir, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { watchFolder } from './watch.ts'

export interface Segment {
  readonly path: string
  /** Position of its first byte in all that was ever written. */
  readonly start: number
}

const CHUNK = 256 * 1024
/** Should the file system tell nothing. */
const LOOK_AGAIN_MS = 200

/** How an engine's log files are to be read. */
export interface LogFormat {
  /** Brings the segments' names up to date and lists them, oldest first. Called often. */
  keep(folder: string): Promise<readonly Segment[]>
  decoder(): LogDecoder
  /** Looks after the folder of a running process, where its log would lose something otherwise. */
  tend?(folder: string): { close(): void } | undefined
}

/** Turns what is in a file into what the process wrote. */
export interface LogDecoder {
  push(chunk: Buffer): Buffer
}

export interface ReadOptions {
  readonly from: number
  /** Goes on while this is false; what is there when it turns true is still read. Without it: what is there now. */
  readonly until?: () => boolean
  readonly signal?: AbortSignal
}

export async function* readLog(format: LogFormat, folder: string, { from, until, signal }: ReadOptions): AsyncGenerator<Buffer> {
  const news = new News(folder, until !== undefined)
  const reader = new LogReader(format, folder, from)
  try {
    for (;;) {
      // Asked before reading: what was written until now is then read for certain.
      const over = until === undefined || until()
      for await (const chunk of reader.available()) {
        if (signal?.aborted) return
        yield chunk
      }
      if (over || signal?.aborted) return
      await news.wait(signal)
    }
  } finally {
    news.close()
    await reader.close()
  }
}

interface Reading {
  readonly handle: FileHandle
  readonly start: number
  readonly decoder: LogDecoder
  /** Bytes of the file read so far. */
  at: number
  /** Position of the next decoded byte. */
  seen: number
}

/** Stays in the segment it reads, even when that loses its name, until all of it is read and there is a newer one. */
class LogReader {
  readonly #format: LogFormat
  readonly #folder: string
  /** The next byte to give out. */
  #position: number
  #open: Reading | undefined

  constructor(format: LogFormat, folder: string, from: number) {
    this.#format = format
    this.#folder = folder
    this.#position = from
  }

  async *available(): AsyncGenerator<Buffer> {
    for (;;) {
      const segments = await this.#format.keep(this.#folder)
      const now = this.#open
      if (now === undefined) {
        const first = segments.findLast((segment) => segment.start <= this.#position) ?? segments[0]
        if (first === undefined || !(await this.#enter(first))) return
        continue
      }
      yield* this.#drain(now)
      const next = segments.find((segment) => segment.start > now.start)
      if (next === undefined) return
      await this.close()
      await this.#enter(next)
    }
  }

  async close(): Promise<void> {
    await this.#open?.handle.close()
    this.#open = undefined
  }

  async #enter({ path, start }: Segment): Promise<boolean> {
    const handle = await open(path).catch(() => undefined)
    if (handle === undefined) return false
    this.#open = { handle, start, decoder: this.#format.decoder(), at: 0, seen: start }
    return true
  }

  async *#drain(from: Reading): AsyncGenerator<Buffer> {
    for (;;) {
      const { bytesRead, buffer } = await from.handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, from.at)
      if (bytesRead === 0) return
      from.at += bytesRead
      const raw = from.decoder.push(buffer.subarray(0, bytesRead))
      const skip = Math.min(raw.length, Math.max(0, this.#position - from.seen))
      from.seen += raw.length
      if (raw.length === skip) continue
      this.#position = from.seen
      yield raw.subarray(skip)
    }
  }
}

/** Wakes on a change in a folder, or after a while. */
class News {
  readonly #watcher
  #changed = false
  #wake: (() => void) | undefined

  constructor(folder: string, wanted: boolean) {
    this.#watcher = wanted ? watchFolder(folder, () => this.#notice()) : undefined
  }

  async wait(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#changed) {
      const timer = new AbortController()
      const woken = new Promise<void>((resolve) => (this.#wake = resolve))
      const stop = AbortSignal.any([timer.signal, ...(signal === undefined ? [] : [signal])])
      await Promise.race([woken, delay(LOOK_AGAIN_MS, undefined, { signal: stop }).catch(() => undefined)])
      timer.abort()
    }
    this.#changed = false
  }

  close(): void {
    this.#watcher?.close()
  }

  #notice(): void {
    this.#changed = true
    this.#wake?.()
  }
}

export async function listSegments(folder: string): Promise<readonly Segment[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => /^s-\d+(?:-\d+)?$/.test(name))
    .map((name) => ({ path: join(folder, name), start: Number(name.split('-')[1]) }))
    .toSorted((one, other) => one.start - other.start)
}
