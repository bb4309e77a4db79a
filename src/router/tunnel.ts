// A WebSocket after its handshake: two sockets, whose bytes pass untouched until either side ends.
import type { Duplex } from 'node:stream'
import type { Socket } from 'node:net'

/** Connections are probed so that a client that vanished does not count for ever. */
const PROBE_MS = 60_000

const open = new Set<Duplex>()

export interface Ends {
  readonly client: Socket
  readonly upstream: Duplex
  /** Bytes the client sent behind its handshake. */
  readonly head: Buffer
  /** Flat list of the upstream's answer, without the hop-by-hop ones. */
  readonly headers: readonly string[]
}

/** Writes the handshake's answer, then joins both sides; `onEnd` is called once, when both are closed. */
export function tunnel({ client, upstream, head, headers }: Ends, onEnd: () => void): void {
  let closed = 0
  const onClose = (): void => {
    if (++closed === 1) {
      client.destroy()
      upstream.destroy()
    } else {
      open.delete(client)
      onEnd()
    }
  }
  client.setTimeout(0)
  client.setNoDelay(true)
  client.setKeepAlive(true, PROBE_MS)
  open.add(client)
  for (const side of [client, upstream]) side.on('error', () => side.destroy()).on('close', onClose)
  let answer = 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n'
  for (let index = 0; index < headers.length; index += 2) answer += `${headers[index]}: ${headers[index + 1]}\r\n`
  client.write(`${answer}\r\n`, 'latin1')
  if (head.length > 0) upstream.write(head)
  upstream.pipe(client)
  client.pipe(upstream)
}

/** Cuts every tunnel, for the end of the process. */
export function cutTunnels(): void {
  for (const client of open) client.destroy()
}
