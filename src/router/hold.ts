// Requests that wait for a deployment: a bounded queue per site that keeps their order and ends by itself.

export interface HoldOptions {
  readonly maxMs: number
  readonly maxRequests: number
  /** GET, HEAD and OPTIONS go on; only what may write waits. */
  readonly writesOnly?: boolean
}

export interface Waiter {
  /** Goes on with the request; called in the order of arrival. */
  readonly resume: () => void
  /** The time ran out. */
  readonly expire: () => void
}

/** The hold of one site, from `hold` to `release` or to its deadline. */
export class Hold {
  readonly #waiters = new Set<Waiter>()
  readonly #onEnd: () => void
  #options: HoldOptions
  #timer: NodeJS.Timeout

  constructor(options: HoldOptions, onEnd: () => void) {
    this.#options = options
    this.#onEnd = onEnd
    this.#timer = this.#arm()
  }

  /** The same hold under new bounds, counted from now. */
  renew(options: HoldOptions): void {
    clearTimeout(this.#timer)
    this.#options = options
    this.#timer = this.#arm()
  }

  concerns(method: string | undefined, upgrade: boolean): boolean {
    if (!this.#options.writesOnly || upgrade) return true
    return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS'
  }

  /** False when the queue is full. */
  add(waiter: Waiter): boolean {
    if (this.#waiters.size >= this.#options.maxRequests) return false
    this.#waiters.add(waiter)
    return true
  }

  /** For a client that went away. */
  leave(waiter: Waiter): void {
    this.#waiters.delete(waiter)
  }

  release(): void {
    this.#end((waiter) => waiter.resume())
  }

  #arm(): NodeJS.Timeout {
    return setTimeout(() => this.#end((waiter) => waiter.expire()), this.#options.maxMs)
  }

  #end(each: (waiter: Waiter) => void): void {
    clearTimeout(this.#timer)
    this.#onEnd()
    const waiters = [...this.#waiters]
    this.#waiters.clear()
    for (const waiter of waiters) each(waiter)
  }
}
