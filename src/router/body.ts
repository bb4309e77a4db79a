// A request's body on its way to the application: streamed, counted, and never longer than its location allows.
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

/** A client that sends nothing for this long loses its connection. */
const STALLED_MS = 60_000

export class TooLarge extends Error {
  override readonly name = 'TooLarge'
}

/** Destroying it leaves the request itself whole, so that an answer can still be written to the client. */
export class LimitedBody extends Readable {
  readonly #req: IncomingMessage
  readonly #limit: number
  #received = 0
  #started = false

  constructor(req: IncomingMessage, limit: number) {
    super()
    this.#req = req
    this.#limit = limit
  }

  override _read(): void {
    if (!this.#started) this.#start()
    this.#req.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#req.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose).off('error', this.#onError)
    this.#req.pause()
    this.#req.socket?.setTimeout(0)
    callback(error)
  }

  #start(): void {
    this.#started = true
    this.#req.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onClose).on('error', this.#onError)
    this.#req.socket.setTimeout(STALLED_MS)
    if (this.#req.destroyed && !this.#req.complete) this.#onClose()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#received += chunk.length
    if (this.#received > this.#limit) this.destroy(new TooLarge(`the body is larger than ${this.#limit} bytes`))
    else if (!this.push(chunk)) this.#req.pause()
  }

  readonly #onEnd = (): void => {
    this.push(null)
  }

  readonly #onClose = (): void => {
    if (!this.#req.complete) this.destroy(new Error('the client went away'))
  }

  readonly #onError = (error: Error): void => {
    this.destroy(error)
  }
}
