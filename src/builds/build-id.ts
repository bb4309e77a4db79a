// The identity of a build: equal ids give equal artifacts, in any environment and any project history.
import { createHash } from 'node:crypto'
import type { ExactRuntime } from '#runtimes/runtime.ts'

export interface BuildInputs {
  readonly projectId: string
  readonly app: string
  /** Git tree id of the application's source root. */
  readonly tree: string
  readonly runtime: ExactRuntime
  /** Everything of the manifest that can influence a build, JSON. */
  readonly config: unknown
}

/** `b` and 39 hex digits. Key order of the inputs does not matter. */
export function buildIdOf(inputs: BuildInputs): string {
  return `b${createHash('sha256').update(canonical(inputs)).digest('hex').slice(0, 39)}`
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
