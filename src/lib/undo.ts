// Parts that must be let go in reverse order, also when starting fails half-way. (Node.js 20 has no AsyncDisposableStack.)

export class Undo implements AsyncDisposable {
  #steps: (() => Promise<void> | void)[] = []

  /** Registers a part and gives it back. */
  use<T extends AsyncDisposable | Disposable>(part: T): T {
    this.defer(() => (Symbol.asyncDispose in part ? part[Symbol.asyncDispose]() : part[Symbol.dispose]()))
    return part
  }

  defer(step: () => PromiseLike<unknown> | void): void {
    this.#steps.push(async () => void (await step()))
  }

  /** Hands every part over to a new owner; disposing this one does nothing then. */
  move(): Undo {
    const owner = new Undo()
    owner.#steps = this.#steps
    this.#steps = []
    return owner
  }

  /** Every step runs, the last registered first; the first error is thrown at the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    const errors: unknown[] = []
    for (const step of this.#steps.splice(0).toReversed()) {
      try {
        await step()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  }
}
