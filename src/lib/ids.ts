// Names and ids: short random ids, and the one way a user's name becomes a host-safe slug.
import { createHash, randomBytes } from 'node:crypto'

const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789'

/** A random id of `length` characters (5 bits each) from an alphabet without look-alikes. */
export function randomId(length = 12): string {
  return [...randomBytes(length)].map((byte) => ALPHABET[byte % 32]).join('')
}

/**
 * A DNS label (RFC 1123, at most `max` characters) for any name git or a user may give.
 * A name that is already such a label stays as it is; every other gets a short hash of the whole
 * name, so two names never share a slug by being cut or folded.
 */
export function slugOf(name: string, max = 40): string {
  if (name.length <= max && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(name) && !name.startsWith('xn--')) return name
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 7)
  const stem = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, max - 8)
    .replace(/-+$/, '')
  return stem === '' ? `x-${hash}` : `${stem}-${hash}`
}
