// Git's pkt-line framing (gitprotocol-common(5)): four hex digits of length, then the payload; 0000 is a flush.

const MAX_PAYLOAD = 65_516
export const FLUSH = Buffer.from('0000')

export function encodePkt(text: string): Buffer {
  const payload = Buffer.from(text)
  if (payload.length > MAX_PAYLOAD) throw new RangeError(`a pkt-line carries at most ${MAX_PAYLOAD} bytes, not ${payload.length}`)
  return Buffer.concat([Buffer.from((payload.length + 4).toString(16).padStart(4, '0')), payload])
}

/** Yields each payload as text without its last newline, and undefined for a flush. Throws when the stream is no pkt-line stream. */
export async function* readPkts(source: AsyncIterable<Buffer>): AsyncGenerator<string | undefined, void> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of source) {
    rest = Buffer.concat([rest, chunk])
    for (let length = pktLength(rest); length !== undefined; length = pktLength(rest)) {
      if (length === 0) {
        rest = rest.subarray(4)
        yield undefined
        continue
      }
      if (rest.length < length) break
      const payload = rest.toString('utf8', 4, length)
      rest = rest.subarray(length)
      yield payload.endsWith('\n') ? payload.slice(0, -1) : payload
    }
  }
}

/** Bytes of the pkt that `buffer` begins with, header included (0 for a flush); undefined while its header is not all there. */
export function pktLength(buffer: Buffer): number | undefined {
  if (buffer.length < 4) return undefined
  const header = buffer.toString('latin1', 0, 4)
  const length = /^[0-9a-f]{4}$/i.test(header) ? Number.parseInt(header, 16) : -1
  if (length !== 0 && (length < 4 || length > MAX_PAYLOAD + 4))
    throw new RangeError('not a pkt-line stream: a length is not four hex digits')
  return length
}
