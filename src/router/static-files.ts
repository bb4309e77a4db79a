// Serves one file of a location: only from inside its root, with validators, single ranges and no surprises.
import { constants, type Stats } from 'node:fs'
import { open, readlink, realpath, type FileHandle } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join, sep } from 'node:path'
import { pipeline } from 'node:stream'
import { getMimeType } from 'hono/utils/mime'
import { resolveUnder } from '#lib/files.ts'
import { answerPlain, cacheHeaders } from './pages.ts'

export interface OpenFile {
  readonly handle: FileHandle
  readonly stats: Stats
  readonly path: string
}

export type Lookup = { readonly kind: 'file'; readonly file: OpenFile } | { readonly kind: 'directory' } | { readonly kind: 'none' }

/** What this path is under the root. Links are followed only as far as they stay inside. The caller closes the file. */
export async function lookUp(root: string, path: string, index: readonly string[]): Promise<Lookup> {
  const wanted = resolveUnder(root, path)
  if (wanted === undefined) return { kind: 'none' }
  const directory = path === '' || path.endsWith('/')
  if (!directory) {
    const found = await openInside(root, wanted)
    if (found === 'directory') return (await firstIndex(root, wanted, index, true)) === undefined ? { kind: 'none' } : { kind: 'directory' }
    return found === undefined ? { kind: 'none' } : { kind: 'file', file: found }
  }
  const file = await firstIndex(root, wanted, index, false)
  return file === undefined ? { kind: 'none' } : { kind: 'file', file }
}

/** Sends the open file and closes it. `headers` is a flat list added to the answer. */
export function sendFile(
  req: IncomingMessage,
  res: ServerResponse,
  { handle, stats, path }: OpenFile,
  expires: number,
  headers: readonly string[],
): void {
  const modified = new Date(Math.floor(Math.max(stats.mtimeMs, stats.ctimeMs) / 1000) * 1000)
  const etag = `"${stats.ino.toString(36)}-${stats.size.toString(36)}-${Math.floor(stats.mtimeMs).toString(36)}-${Math.floor(stats.ctimeMs).toString(36)}"`
  const common = ['etag', etag, 'last-modified', modified.toUTCString(), 'accept-ranges', 'bytes', ...cacheHeaders(expires), ...headers]
  const close = (): void => void handle.close().catch(() => undefined)
  if (isFresh(req, etag, modified)) {
    res.writeHead(304, undefined, common)
    res.end()
    return close()
  }
  const range = rangeOf(req, stats.size, etag, modified)
  if (range === 'unsatisfiable') {
    close()
    return answerPlain(req, res, 416, 'The requested range lies outside the file.', ['content-range', `bytes */${stats.size}`, ...headers])
  }
  const { start, end } = range ?? { start: 0, end: stats.size - 1 }
  const partial = range === undefined ? [] : ['content-range', `bytes ${start}-${end}/${stats.size}`]
  const type = ['content-type', getMimeType(path) ?? 'application/octet-stream']
  res.writeHead(range === undefined ? 200 : 206, undefined, [...type, 'content-length', String(end - start + 1), ...partial, ...common])
  if (req.method === 'HEAD' || end < start) {
    res.end()
    return close()
  }
  pipeline(handle.createReadStream({ start, end }), res, () => undefined)
}

async function firstIndex(root: string, directory: string, index: readonly string[], onlyLook: boolean): Promise<OpenFile | undefined> {
  for (const name of index) {
    const path = resolveUnder(directory, name)
    const found = path === undefined ? undefined : await openInside(root, path)
    if (found === undefined || found === 'directory') continue
    if (onlyLook) await found.handle.close()
    return found
  }
  return undefined
}

// The check is made on what was really opened, so a link changed in between leads nowhere.
async function openInside(root: string, path: string): Promise<OpenFile | 'directory' | undefined> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stats = await handle.stat()
    const inside = await isInside(root, handle, path)
    if (inside && stats.isFile()) return { handle, stats, path }
    await handle.close()
    return inside && stats.isDirectory() ? 'directory' : undefined
  } catch {
    await handle?.close().catch(() => undefined)
    return undefined
  }
}

async function isInside(root: string, handle: FileHandle, path: string): Promise<boolean> {
  const [realRoot, real] = await Promise.all([
    realpath(root),
    process.platform === 'linux' ? readlink(join('/proc/self/fd', String(handle.fd))) : realpath(path),
  ])
  return real === realRoot || real.startsWith(realRoot.endsWith(sep) ? realRoot : realRoot + sep)
}

function isFresh(req: IncomingMessage, etag: string, modified: Date): boolean {
  const match = req.headers['if-none-match']
  if (match !== undefined) return match.trim() === '*' || match.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
  const since = req.headers['if-modified-since']
  return since !== undefined && modified.getTime() <= Date.parse(since)
}

function rangeOf(
  req: IncomingMessage,
  size: number,
  etag: string,
  modified: Date,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const header = req.headers.range
  const condition = req.headers['if-range']
  if (header === undefined || (condition !== undefined && condition !== etag && Date.parse(String(condition)) !== modified.getTime()))
    return undefined
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim())
  if (match === null || (match[1] === '' && match[2] === '')) return undefined
  const [, first = '', last = ''] = match
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (first !== '' && last !== '' && Number(last) < start) return undefined
  return start >= size || end < start ? 'unsatisfiable' : { start, end }
}
