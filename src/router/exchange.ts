// One request on its way to an application and its answer on the way back: streamed both ways, ended when either side ends.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Client, Dispatcher } from 'undici'
import type { Log } from '#lib/log.ts'
import { LimitedBody, TooLarge } from './body.ts'
import { responseHeaders } from './core/headers.ts'
import { answerPlain, discard, endWhenRead } from './pages.ts'
import { tunnel } from './tunnel.ts'
import type { Backend, Upstreams } from './upstreams.ts'

export interface Errand {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly backend: Backend
  /** Path and query as the application is asked for them. */
  readonly path: string
  /** Flat list. */
  readonly headers: string[]
  /** Added to the answer; flat list. */
  readonly added: readonly string[]
  /** Largest body in bytes; undefined for a request without one. */
  readonly bodyLimit: number | undefined
  /** Set for a WebSocket: the bytes that came behind its request. */
  readonly upgradeHead: Buffer | undefined
  /** Asks again, on a fresh connection and by the routes as they are then; undefined when it must not be repeated. */
  readonly again: (() => void) | undefined
}

/** Larger bodies are written as they come. */
const WHOLE_BYTES = 16 * 1024

// The callbacks are undici's raw ones, all of them: they hand over headers unparsed, and must never be mixed with the newer set.
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #errand: Errand
  readonly #upstreams: Upstreams
  readonly #log: Log
  readonly #body: LimitedBody | null
  #own: Client | undefined
  #abort: ((error?: Error) => void) | undefined
  #resume: (() => void) | undefined
  #state: 'waiting' | 'answering' | 'done' = 'waiting'
  #written = false
  #length = -1
  #whole: Buffer | undefined

  constructor(errand: Errand, upstreams: Upstreams, log: Log) {
    this.#errand = errand
    this.#upstreams = upstreams
    this.#log = log
    this.#body = errand.bodyLimit === undefined ? null : new LimitedBody(errand.req, errand.bodyLimit)
  }

  /** `fresh`: not over a kept-alive connection. */
  start(fresh: boolean): void {
    const { req, res, backend, path, headers, upgradeHead } = this.#errand
    backend.inFlight++
    res.on('close', this.#onClientGone)
    this.#own = fresh ? backend.fresh() : undefined
    const dispatcher = this.#own ?? backend.pool
    // Node's parser has already limited the method to the ones it knows.
    const method = req.method as Dispatcher.HttpMethod
    dispatcher.dispatch({ path, method, headers, body: this.#body, upgrade: upgradeHead === undefined ? null : 'websocket' }, this)
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort
    if (this.#errand.res.destroyed) abort()
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void, statusText: string): boolean {
    if (status < 200) return true
    this.#state = 'answering'
    this.#resume = resume
    const headers = responseHeaders(raw, this.#errand.added)
    this.#length = announcedLength(headers)
    this.#errand.res.writeHead(status, statusText, headers)
    process.nextTick(flush, this)
    return true
  }

  onData(chunk: Buffer): boolean {
    // A small body that came whole goes out with its headers in one write instead of two.
    if (!this.#written && chunk.length === this.#length && chunk.length <= WHOLE_BYTES) {
      this.#written = true
      this.#whole = chunk
      return true
    }
    this.#written = true
    if (this.#errand.res.write(chunk)) return true
    this.#errand.res.once('drain', this.#onDrain)
    return false
  }

  onComplete(): void {
    const { req, res } = this.#errand
    this.#written = true
    this.#finish()
    this.#body?.destroy()
    if (req.complete) {
      if (this.#whole === undefined) return void res.end()
      return void res.end(this.#whole.toString('latin1'), 'latin1')
    }
    if (this.#length >= 0) return endWhenRead(req, res, this.#whole)
    res.end()
    discard(req)
  }

  onUpgrade(_status: number, raw: Buffer[] | string[] | null, upstream: Duplex): void {
    const { res, upgradeHead, added } = this.#errand
    const client = res.socket
    this.#state = 'answering'
    res.off('close', this.#onClientGone)
    if (client === null || client.destroyed) {
      upstream.destroy()
      return this.#finish()
    }
    res.statusCode = 101
    res.detachSocket(client)
    tunnel({ client, upstream, head: upgradeHead ?? Buffer.alloc(0), headers: responseHeaders(raw ?? [], added) }, () => {
      this.#finish()
      res.emit('close')
    })
  }

  onError(error: Error): void {
    const { req, res, backend, again } = this.#errand
    const answering = res.headersSent
    const before = this.#state
    this.#finish()
    if (before === 'done' || res.destroyed) return
    this.#body?.destroy()
    if (error instanceof TooLarge && !answering)
      return answerPlain(req, res, 413, 'The request is larger than this site accepts.', this.#errand.added)
    if (before === 'waiting' && again !== undefined && isLostConnection(error)) return again()
    this.#log.warn({ upstream: backend.key, method: req.method, error: codeOf(error), answering }, 'an application did not answer')
    if (answering) return void res.destroy()
    const [status, sentence] = answerFor(error)
    answerPlain(req, res, status, sentence, this.#errand.added)
  }

  /** For `flush`: an application that sends headers and then thinks gets its headers through. */
  flushHeaders(): void {
    if (!this.#written && !this.#errand.res.destroyed) this.#errand.res.flushHeaders()
  }

  readonly #onDrain = (): void => {
    this.#resume?.()
  }

  readonly #onClientGone = (): void => {
    if (this.#state === 'done') return
    this.#abort?.()
  }

  #finish(): void {
    if (this.#state === 'done') return
    this.#state = 'done'
    this.#errand.res.off('close', this.#onClientGone)
    this.#upstreams.end(this.#errand.backend)
    this.#own?.close().catch(() => undefined)
  }
}

function announcedLength(headers: readonly string[]): number {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string // a list of pairs
    if (name.length === 14 && name.toLowerCase() === 'content-length') return Number(headers[index + 1])
  }
  return -1
}

function flush(exchange: Exchange): void {
  exchange.flushHeaders()
}

const LOST = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_DESTROYED', 'UND_ERR_CLOSED'])

function isLostConnection(error: Error): boolean {
  return LOST.has(codeOf(error))
}

function answerFor(error: Error): [number, string] {
  const code = codeOf(error)
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') return [504, 'The application took too long to answer.']
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') return [400, 'The request cannot be understood.']
  return [502, 'The application did not answer.']
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
