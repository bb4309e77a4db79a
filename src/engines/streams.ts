// Joining the output streams of a session.
import { PassThrough } from 'node:stream'

/** One stream that carries all of them as they come and ends with the last. */
export function merge(...streams: readonly NodeJS.ReadableStream[]): PassThrough {
  const merged = new PassThrough()
  let open = streams.length
  for (const stream of streams) {
    stream.pipe(merged, { end: false })
    stream.once('close', () => {
      open -= 1
      if (open === 0) merged.end()
    })
  }
  return merged
}
