// The log format of the monitor (`<time> stdout F text`, one line per line) turned back into the bytes that were written.

/** `2026-01-31T13:20:42.999999999+01:00 stdout F `: always this long. */
const HEADER = 45
const TAG = 43
const NEWLINE = 10
const PARTIAL = 'P'.charCodeAt(0)

export class RecordDecoder {
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
