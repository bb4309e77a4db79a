// The side the world sees: HTTP/1.1 in, strictly parsed. TLS joins here as a second server in front of the same gate.
import { createServer, ServerResponse, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Gate } from './gate.ts'
import { answerPlain } from './pages.ts'

export function createFront(gate: Gate): Server {
  const server = createServer({
    insecureHTTPParser: false,
    keepAliveTimeout: 75_000,
    headersTimeout: 60_000,
    // A body may take as long as it moves; `LimitedBody` ends one that stalls.
    requestTimeout: 0,
    noDelay: true,
  })
  server.on('request', (req, res) => gate.enter(req, res))
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
