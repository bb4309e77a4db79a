// The side the world sees: HTTP/1.1 in, strictly parsed. TLS joins here as a second server in front of the same gate.
import { createServer, ServerResponse, STATUS_CODES, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Gate } from './gate.ts'
import { answerPlain, LINGER_BYTES, LINGER_MS } from './pages.ts'

// What Node.js' parser says of a request it gives up on; anything else is a bad request.
const PARSER_STATUS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

export function createFront(gate: Gate): Server {
  const server = createServer({
    insecureHTTPParser: false,
    keepAliveTimeout: 75_000,
    headersTimeout: 60_000,
    // A body may take as long as it moves; `LimitedBody` ends one that stalls.
    requestTimeout: 0,
    noDelay: true,
  })
  const answers = new WeakMap<Duplex, ServerResponse>()
  server.on('request', (req, res) => {
    answers.set(req.socket, res)
    gate.enter(req, res)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const answer = answers.get(socket)
    const halfway = answer !== undefined && answer.headersSent && !answer.writableFinished
    if (halfway || !socket.writable) return void socket.destroy()
    refuse(socket, PARSER_STATUS[error.code ?? ''] ?? 400)
  })
  // The client is told to go on only when its request is really passed on.
  server.on('checkContinue', (req, res) => gate.enter(req, res))
  server.on('upgrade', (req, socket: Duplex, head) => {
    socket.on('error', () => socket.destroy())
    const res = new ServerResponse(req)
    // An HTTP server hands over the net.Socket it accepted.
    res.assignSocket(socket as Socket)
    res.shouldKeepAlive = false
    res.on('finish', () => {
      res.detachSocket(socket as Socket)
      socket.end()
      res.emit('close')
    })
    const bodied = req.headers['content-length'] !== undefined || req.headers['transfer-encoding'] !== undefined
    if (bodied) return answerPlain(req, res, 400, 'The request cannot be understood.')
    // Other protocols than WebSocket are not switched to (RFC 9110 7.8 lets a server ignore the offer).
    gate.enter(req, res, req.headers.upgrade?.toLowerCase() === 'websocket' ? head : undefined)
  })
  return server
}

/**
 * Answers bytes that are no request. Closing a connection with unread bytes resets it, and the client may lose the answer: so what
 * it still sends is read and dropped, for a while.
 */
function refuse(socket: Duplex, status: number): void {
  let bytes = 0
  socket.removeAllListeners('data').removeAllListeners('error')
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > LINGER_BYTES) socket.destroy()
  })
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref()
  socket.once('close', () => clearTimeout(timer))
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
  socket.resume()
}
