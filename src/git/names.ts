// Which names may reach git: repository ids, refs, object ids, revisions and paths in a tree.
import { isUtf8 } from 'node:buffer'

const ZERO = /^0+$/
const SHA = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/
const MAX_REF_BYTES = 200

export function isRepositoryId(id: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(id)
}

/** A whole object id, SHA-1 or SHA-256; the zero id is none. */
export function isSha(text: string): boolean {
  return SHA.test(text) && !ZERO.test(text)
}

/**
 * What is wrong with a full ref name (`refs/heads/…`), as half a sentence, or undefined when it may be used.
 * The rules of git-check-ref-format(1), and stricter: no component begins with a dash (it would read as an
 * option somewhere), nothing invisible, at most 200 bytes.
 */
export function refFault(ref: string): string | undefined {
  if (!ref.startsWith('refs/')) return 'does not begin with refs/'
  if (Buffer.byteLength(ref) > MAX_REF_BYTES) return `is longer than ${MAX_REF_BYTES} bytes`
  if (ref.includes('\uFFFD') || !isUtf8(Buffer.from(ref))) return 'is not UTF-8'
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(ref)) return 'has control or invisible characters'
  if (/[\s~^:?*[\\]/u.test(ref)) return 'has a space or one of ~ ^ : ? * [ \\'
  if (ref.includes('..') || ref.includes('@{')) return 'has .. or @{'
  const parts = ref.split('/')
  if (parts.length < 3) return 'has no name'
  for (const part of parts) {
    if (part === '') return 'has an empty part'
    if (part.startsWith('.') || part.endsWith('.')) return 'has a part that begins or ends with a dot'
    if (part.endsWith('.lock')) return 'has a part that ends with .lock'
    if (part.startsWith('-')) return 'has a part that begins with a dash'
    if (part === '@' || part === 'HEAD') return `has the part ${part}, which git keeps for itself`
  }
  return undefined
}

/** A revision a person may name: a ref or (short) object id, with steps back (`main~2`, `HEAD^`); no searches, no reflog. */
export function isRevision(text: string): boolean {
  const name = text.replace(/(?:[~^]\d{0,5})*$/, '')
  if (name === 'HEAD' || /^[0-9a-f]{4,64}$/.test(name)) return true
  return refFault(name.startsWith('refs/') ? name : `refs/heads/${name}`) === undefined
}

/** A path in a tree as git writes it (`a/b`, the root is ''), or undefined when it cannot be one. */
export function treePath(path: string): string | undefined {
  const trimmed = path.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '')
  if (trimmed === '' || trimmed === '.') return path.startsWith('/') ? undefined : ''
  if (/[\0\n]/.test(trimmed)) return undefined
  return trimmed.split('/').some((part) => part === '' || part === '.' || part === '..') ? undefined : trimmed
}
