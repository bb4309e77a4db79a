// What a hook and the control plane say to each other over the socket: one JSON object per line.
import type { Refusal, RefCommand, RefVerdict } from './push.ts'

/** The hook's only line. */
export interface HookCall {
  /** Names the push; the control plane gave it to git, which gave it to the hook. */
  readonly id: string
  readonly phase: 'check' | 'run'
  readonly commands: readonly RefCommand[]
  readonly options: readonly string[]
  readonly atomic: boolean
}

export type HookAnswer =
  | { readonly kind: 'say'; readonly line: string }
  /** The objects are kept and the work begins: from here on a lost connection loses nothing. */
  | { readonly kind: 'received' }
  | { readonly kind: 'checked'; readonly refusals: readonly Refusal[] }
  | { readonly kind: 'verdicts'; readonly verdicts: readonly RefVerdict[] }
