// A request's body on its way to git: unpacked, counted, never held.
import type { IncomingMessage } from 'node:http'
import { finished, type Readable, type Writable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { fail } from './errors.ts'
import { pktLength } from './pkt-line.ts'

/** A fetch asks with ids and capabilities; this is room for a million of them. */
export const MAX_FETCH_REQUEST = 64 * 1024 * 1024
/** The commands and options of a push, before the pack; git would hold all of it in memory. */
const MAX_COMMANDS = 4 * 1024 * 1024

/** The body's chunks, unpacked; fails when there are more than `maxBytes` after unpacking, or the client goes away. */
export async function* bodyOf(request: IncomingMessage, gzip: boolean, maxBytes: number): AsyncGenerator<Buffer, void> {
  let total = 0
  const source: Readable = gzip ? gunzipped(request) : request
  try {
    for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      total += chunk.length
      if (total > maxBytes) throw fail('too_large', `The request is larger than ${maxBytes} bytes`)
      yield chunk
    }
  } finally {
    // The connection still has to carry the answer: what is left of a refused body is read and dropped.
    if (source !== request) {
      request.unpipe()
      source.destroy()
    }
    request.resume()
  }
}

/** Passes a push on, and fails when its command list (all before the first flush) is longer than 4 MiB. */
export async function* withBoundedCommands(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  let ended = false
  let seen = 0
  let pending: Buffer = Buffer.alloc(0)
  for await (const chunk of source) {
    if (!ended) {
      seen += chunk.length
      pending = Buffer.concat([pending, chunk])
      for (let length = pktLength(pending); length !== undefined && length <= pending.length; length = pktLength(pending)) {
        if (length === 0) {
          ended = true
          break
        }
        pending = pending.subarray(length)
      }
      if (ended) pending = Buffer.alloc(0)
      else if (seen > MAX_COMMANDS) throw fail('too_large', `The push names more refs than fit in ${MAX_COMMANDS} bytes`)
    }
    yield chunk
  }
}

/** Writes all of `source` to `stdin` at the reader's pace, then ends it; what git no longer wants is read and dropped, so that its answer gets through. */
export async function feed(source: AsyncIterable<Buffer>, stdin: Writable): Promise<void> {
  try {
    for await (const chunk of source) {
      if (stdin.writable && !stdin.write(chunk)) await roomIn(stdin)
    }
    stdin.end()
  } catch (error) {
    stdin.destroy()
    throw error
  }
}

/** Resolves when more can be written, or never will be. */
export function roomIn(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    if (stream.destroyed) return resolve()
    stream.on('drain', done)
    stream.on('close', done)
  })
}

function gunzipped(request: IncomingMessage): Readable {
  const gunzip = createGunzip()
  finished(request, { writable: false }, (error) => {
    if (error) gunzip.destroy(error)
  })
  return request.pipe(gunzip)
}
