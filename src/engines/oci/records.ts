// The monitor's log files as the bytes that were written: its format (`<time> stdout F text` per line) undone, its rotation outlived.
import { link, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { listSegments, type LogDecoder, type LogFormat, type Segment } from '#engines/supervisor/logs.ts'
import { KeyedQueue } from '#engines/supervisor/serial.ts'
import { watchFolder } from '#engines/supervisor/watch.ts'

export const monitorLogs: LogFormat = { keep: keepSegments, tend, decoder: () => new RecordDecoder() }

/** The segment being written and the one before. */
const KEPT = 2
const CHUNK = 256 * 1024
/** `2026-01-31T13:20:42.999999999+01:00 stdout F `: always this long. */
const HEADER = 45
const TAG = 43
const NEWLINE = 10
const PARTIAL = 'P'.charCodeAt(0)

class RecordDecoder implements LogDecoder {
  #rest: Buffer = Buffer.alloc(0)

  /** The bytes of all records that are complete with this chunk. */
  push(chunk: Buffer): Buffer {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const pieces: Buffer[] = []
    let at = 0
    for (;;) {
      const end = data.indexOf(NEWLINE, at + HEADER)
      if (end === -1) break
      const partial = data[at + TAG] === PARTIAL
      pieces.push(data.subarray(at + HEADER, partial ? end : end + 1))
      at = end + 1
    }
    this.#rest = data.subarray(at)
    return Buffer.concat(pieces)
  }
}

/** Naming takes turns per folder; holding on to a file does not wait for it. */
const turns = new KeyedQueue()

/**
 * The monitor replaces `current` by an empty file when it is full. So every file gets a second name: at once `new-<n>-<inode>`, which keeps
 * it, and, as soon as the files before it have been counted, `s-<position of its first byte>-<inode>`.
 */
async function keepSegments(folder: string): Promise<readonly Segment[]> {
  await hold(folder)
  return turns.run(folder, async () => {
    const segments = [...(await listSegments(folder))]
    for (const { name, inode } of await held(folder)) {
      const last = segments.at(-1)
      const start = last === undefined ? 0 : last.start + (await rawLength(last.path))
      // A file without a byte ends where it starts: its successor takes its place.
      if (last?.start === start) await rm(segments.pop()?.path ?? '', { force: true })
      const path = join(folder, `s-${start}-${inode}`)
      await rename(join(folder, name), path)
      segments.push({ path, start })
    }
    await Promise.all(segments.splice(0, segments.length - KEPT).map(({ path }) => rm(path, { force: true })))
    return segments
  })
}

/** Gives the file that is written now a name that the monitor does not know. Quick: this is a race with a process that floods its log. */
async function hold(folder: string): Promise<void> {
  const current = join(folder, 'current')
  const names = await readdir(folder).catch(() => [])
  const now = await stat(current).catch(() => undefined)
  if (now === undefined || names.some((name) => name.endsWith(`-${now.ino}`))) return
  const next = 1 + Math.max(0, ...names.map((name) => Number(/^new-(\d+)-/.exec(name)?.[1] ?? 0)))
  const path = join(folder, `new-${next}-${now.ino}`)
  await link(current, path).catch(ignoreTwice)
  // Replaced between the two calls: this is the newer file, under a wrong name, which the next look would give a second one.
  const linked = await stat(path).catch(() => undefined)
  if (linked !== undefined && linked.ino !== now.ino) await rename(path, join(folder, `new-${next}-${linked.ino}`))
}

async function held(folder: string): Promise<readonly { name: string; inode: string }[]> {
  const found = (await readdir(folder).catch(() => [])).flatMap((name) => {
    const [, order, inode] = /^new-(\d+)-(\d+)$/.exec(name) ?? []
    return order === undefined || inode === undefined ? [] : [{ name, inode, order: Number(order) }]
  })
  return found.toSorted((one, other) => one.order - other.order)
}

function tend(folder: string): { close(): void } | undefined {
  return watchFolder(folder, (_name, event) => {
    // A file came or went; being written to is of no interest here.
    if (event === 'rename') keepSegments(folder).catch(() => undefined)
  })
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

function ignoreTwice(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}
