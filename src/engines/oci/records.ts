// The monitor's log files as the bytes that were written: its format (`<time> stdout F text` per line) undone, its rotation outlived.
import { link, open, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { listSegments, type LogDecoder, type LogFormat, type Segment } from '#engines/supervisor/logs.ts'
import { KeyedQueue } from '#engines/supervisor/serial.ts'

export const monitorLogs: LogFormat = { keep: keepSegments, decoder: () => new RecordDecoder() }

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

/** Readers and the caretaker of one folder take turns. */
const turns = new KeyedQueue()

/**
 * Gives every log file a second name, `s-<position of its first byte>`, because the monitor replaces `current` by an empty file when it
 * is full. Called often enough, nothing is lost; if several files went by unseen, positions go on without them.
 */
function keepSegments(folder: string): Promise<readonly Segment[]> {
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
