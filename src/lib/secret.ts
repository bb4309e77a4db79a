// A value that must not be seen: it prints as *** wherever it is written by accident.
import { inspect } from 'node:util'

export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself. Only the exec, database and HTTP adapters call this. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '***'
  }

  toJSON(): string {
    return '***'
  }

  [inspect.custom](): string {
    return '***'
  }
}

export function reveal(value: string | Secret): string {
  return value instanceof Secret ? value.reveal() : value
}
