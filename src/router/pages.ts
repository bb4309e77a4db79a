// The router's own answers: short plain pages that tell a visitor enough and nobody too much.
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'

/** How long, and how much, is read of what a client sends after its answer. */
export const LINGER_MS = 10_000
export const LINGER_BYTES = 64 * 1024 * 1024

/** Answers with a plain sentence. `headers` is a flat list; the site's own headers belong into it. */
export function answerPlain(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  sentence: string,
  headers: readonly string[] = [],
): void {
  const body = Buffer.from(`${sentence}\n`)
  answer(req, res, status, ['content-type', 'text/plain; charset=utf-8', 'content-length', String(body.length), ...headers], body)
}

export function answerRedirect(
  req: IncomingMessage,
  res: ServerResponse,
  { location, code, expires }: { location: string; code: number; expires: number },
  headers: readonly string[] = [],
): void {
  answer(req, res, code, ['location', location, 'content-length', '0', ...cacheHeaders(expires), ...headers])
}

/** Cache-Control and Expires for so many seconds; none for -1. */
export function cacheHeaders(seconds: number): string[] {
  if (seconds < 0) return []
  return ['cache-control', `max-age=${seconds}`, 'expires', new Date(Date.now() + seconds * 1000).toUTCString()]
}

/**
 * Ends an answer whose length the client knows, once what the client still sends was read: closing a connection with unread bytes
 * resets it, and the client may lose the answer. A client that sends for long is cut off.
 */
export function endWhenRead(req: IncomingMessage, res: ServerResponse, body?: Buffer): void {
  if (req.complete || req.destroyed) return void res.end(body)
  if (body === undefined) res.flushHeaders()
  else res.write(body)
  req.once('end', () => res.end())
  discard(req)
}

/** Reads and drops what the client still sends; a client that sends for long is cut off. */
export function discard(req: IncomingMessage): void {
  if (req.complete || req.destroyed) return
  let bytes = 0
  const timer = setTimeout(() => req.destroy(), LINGER_MS).unref()
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > LINGER_BYTES) req.destroy()
  })
  req.once('close', () => clearTimeout(timer))
  req.resume()
}

function answer(req: IncomingMessage, res: ServerResponse, status: number, headers: string[], body?: Buffer): void {
  if (res.headersSent || res.destroyed) return
  res.writeHead(status, STATUS_CODES[status], headers)
  endWhenRead(req, res, req.method === 'HEAD' ? undefined : body)
}
