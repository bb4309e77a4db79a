// Reads a request target: its raw path, its query, and the decoded path that routes and files are matched on.

export interface Target {
  /** As it came, without the query. */
  readonly raw: string
  /** `?` and what follows, or the empty string. */
  readonly query: string
  /** Percent-decoded, `.` and `..` resolved, runs of slashes folded. */
  readonly path: string
  /** False when the path holds something no file may be named by: an encoded slash, a backslash, a dot file. */
  readonly fileSafe: boolean
}

/** Splits an origin-form target. Undefined when it is malformed, leaves the root, or holds a NUL. */
export function readTarget(target: string): Target | undefined {
  const mark = target.indexOf('?')
  const raw = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? '' : target.slice(mark)
  if (raw.charCodeAt(0) !== 47) return undefined
  if (!UNUSUAL.test(raw)) return { raw, query, path: raw, fileSafe: true }
  return resolveUnusual(raw, query)
}

const UNUSUAL = /[%\\#]|\/\.|\/\/|[^\x21-\x7e]/

function resolveUnusual(raw: string, query: string): Target | undefined {
  const out: string[] = []
  let fileSafe = true
  const segments = raw.split('/')
  for (const [index, segment] of segments.entries()) {
    const name = decode(segment)
    if (name === undefined || name.includes('\0')) return undefined
    if (name === '..') {
      if (out.pop() === undefined) return undefined
    } else if (name !== '' && name !== '.') {
      if (/[/\\]/.test(name) || (name.startsWith('.') && name !== '.well-known')) fileSafe = false
      out.push(name)
    }
    if (index === segments.length - 1 && (name === '' || name === '.' || name === '..')) out.push('')
  }
  return { raw, query, path: `/${out.join('/')}`, fileSafe }
}

function decode(segment: string): string | undefined {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

/** True when `path` lies under the prefix, whole segments compared: `/a` covers `/a` and `/a/b`, not `/ab`. */
export function isUnder(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return prefix.endsWith('/') && path.length === prefix.length - 1 && prefix.startsWith(path)
  return prefix.endsWith('/') || path.length === prefix.length || path.charCodeAt(prefix.length) === 47
}
