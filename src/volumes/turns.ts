// One at a time per name: calls for the same volume wait for each other, so that "twice" also holds for "at once".

export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Runs `work` after every earlier work of the same name has ended, well or badly. */
  async take<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name)
    const turn = (async () => {
      await before
      return await work()
    })()
    const ended = turn.then(
      () => undefined,
      () => undefined,
    )
    this.#last.set(name, ended)
    try {
      return await turn
    } finally {
      if (this.#last.get(name) === ended) this.#last.delete(name)
    }
  }
}
