// Names and values as they may stand in a sentence: harmless to a terminal, short, and never a secret.
import type { Leaf } from './canonical.ts'

const MAX_SHOWN = 80

/** How a secret stands in a system: its keyed hash, so that a change is seen and the value is not. */
export const KEYED = 'keyed:'

/** A user's text with everything invisible (control, bidi and private characters, lone surrogates) spelled out. */
export function printable(text: string): string {
  return text.replace(/[\p{C}\u2028\u2029]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
}

/** A leaf for a sentence; long values are cut, secrets are only named as such. */
export function shown(leaf: Leaf | undefined): string {
  if (leaf === undefined || leaf === null) return 'none'
  if (Array.isArray(leaf))
    return JSON.stringify(leaf).includes(KEYED) ? '(secret)' : cut(printable(leaf.every(isScalar) ? leaf.join(', ') : JSON.stringify(leaf)))
  const text = String(leaf)
  if (text === '') return "''"
  return text.startsWith(KEYED) ? '(secret)' : cut(printable(text))
}

/** A digest or commit as people say it; anything else as `shown`. */
export function shortId(leaf: Leaf | undefined): string {
  return typeof leaf === 'string' && /^[0-9a-f]{12,}$/.test(leaf) ? leaf.slice(0, 7) : shown(leaf)
}

function cut(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 1)}…` : text
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value !== 'object'
}
