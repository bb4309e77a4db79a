// What every error of Friday carries: a code, a sentence for people, and what to do next.

export interface ErrorKind {
  /** HTTP status an API answer gets when this error reaches the edge. */
  readonly status: number
  /** What the person reading can do next; one sentence. */
  readonly advice: string
}

export interface ErrorDetails {
  readonly cause?: unknown
  /** Overrides the table's advice where the place knows better. */
  readonly advice?: string
  /** Names, paths and counts that locate the fault; never a secret, never a user's data value. */
  readonly [field: string]: unknown
}

/** An error a person will read. `message` says what happened and where, `advice` what to do next. */
export class FridayError extends Error {
  override readonly name = 'FridayError'
  readonly code: string
  readonly status: number
  readonly advice: string
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: string, message: string, kind: ErrorKind, details: ErrorDetails = {}) {
    const { cause, advice, ...fields } = details
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.status = kind.status
    this.advice = advice ?? kind.advice
    this.details = fields
  }
}

/**
 * One table per domain: `const fail = errorTable('volumes', { no_space: { status: 507, advice: '…' } })`,
 * then `throw fail('no_space', 'The pool has 12 MB left, the clone needs 40 MB', { pool })`.
 */
export function errorTable<Code extends string>(domain: string, kinds: Record<Code, ErrorKind>) {
  return function fail(code: Code, message: string, details?: ErrorDetails): FridayError {
    return new FridayError(`${domain}.${code}`, message, kinds[code], details)
  }
}

/** The message of anything thrown, for a log line or a `cause` sentence. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
