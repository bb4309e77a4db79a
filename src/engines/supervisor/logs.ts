// What a process wrote, by byte position, across the monitor's rotation. Two segments are kept: the one being written and the one before.
import { link, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises'
import { watch } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { KeyedQueue } from '#engines/serial.ts'
import { RecordDecoder } from './records.ts'

interface Segment {
  readonly path: string
  /** Position of its first byte in all that was ever written. */
  readonly start: number
}

const KEPT = 2
const CHUNK = 256 * 1024
/** Should the file system tell nothing. */
const LOOK_AGAIN_MS = 200

/** Readers and the caretaker of one folder take turns. */
const turns = new KeyedQueue()

/**
 * Gives every log file a second name, `s-<position of its first byte>`, because the monitor replaces `current` by an empty file when it
 * is full. Called often enough, nothing is lost; if several files went by unseen, positions go on without them.
 */
export function keepSegments(folder: string): Promise<readonly Segment[]> {
  return turns.run(folder, async () => {
    const current = join(folder, 'current')
    const segments = await listSegments(folder)
    const last = segments.at(-1)
    const now = await inode(current)
    if (now === undefined || (last !== undefined && (await inode(last.path)) === now)) return segments
    const start = last === undefined ? 0 : last.start + (await rawLength(last.path))
    const path = join(folder, `s-${start}`)
    // A segment without a byte ends where it starts: the newer one takes its name.
    await rm(path, { force: true })
    await link(current, path)
    const all = [...segments.filter((segment) => segment.start !== start), { path, start }]
    await Promise.all(all.slice(0, -KEPT).map((segment) => rm(segment.path, { force: true })))
    return all.slice(-KEPT)
  })
}

export interface ReadOptions {
  readonly from: number
  /** Goes on while this is false; what is there when it turns true is still read. Without it: what is there now. */
  readonly until?: () => boolean
  readonly signal?: AbortSignal
}

export async function* readLog(folder: string, { from, until, signal }: ReadOptions): AsyncGenerator<Buffer> {
  const news = new News(folder, until !== undefined)
  const reader = new LogReader(folder, from)
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
  readonly decoder: RecordDecoder
  /** Bytes of the file read so far. */
  at: number
  /** Position of the next decoded byte. */
  seen: number
}

/** Stays in the segment it reads, even when that loses its name, until all of it is read and there is a newer one. */
class LogReader {
  readonly #folder: string
  /** The next byte to give out. */
  #position: number
  #open: Reading | undefined

  constructor(folder: string, from: number) {
    this.#folder = folder
    this.#position = from
  }

  async *available(): AsyncGenerator<Buffer> {
    for (;;) {
      const segments = await keepSegments(this.#folder)
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
    this.#open = { handle, start, decoder: new RecordDecoder(), at: 0, seen: start }
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
    this.#watcher = wanted ? watchQuietly(folder, () => this.#notice()) : undefined
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

function watchQuietly(folder: string, notice: () => void) {
  try {
    const watcher = watch(folder, { persistent: false }, notice)
    watcher.on('error', () => undefined)
    return watcher
  } catch {
    return undefined
  }
}

async function listSegments(folder: string): Promise<readonly Segment[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => /^s-\d+$/.test(name))
    .map((name) => ({ path: join(folder, name), start: Number(name.slice(2)) }))
    .toSorted((one, other) => one.start - other.start)
}

async function rawLength(path: string): Promise<number> {
  const handle = await open(path)
  const decoder = new RecordDecoder()
  let length = 0
  try {
    for (let at = 0; ;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, at)
      if (bytesRead === 0) return length
      at += bytesRead
      length += decoder.push(buffer.subarray(0, bytesRead)).length
    }
  } finally {
    await handle.close()
  }
}

async function inode(path: string): Promise<number | undefined> {
  return stat(path).then(
    (found) => found.ino,
    () => undefined,
  )
}
