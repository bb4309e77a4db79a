// What a location with a root answers: the file, or what its passthru says when there is none to be had.
import { basename } from 'node:path'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { findLocation, pathInRoot, policyFor, type CompiledLocation, type Policy } from './core/locations.ts'
import type { Target } from './core/paths.ts'
import { answerPlain, answerRedirect } from './pages.ts'
import { lookUp, sendFile, type OpenFile } from './static-files.ts'

/** On to the application: as it came, or as the path given. */
export type Forward = (path?: string) => void

export interface Asked {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly target: Target
  /** The site's headers, as a flat list. */
  readonly headers: readonly string[]
  readonly locations: readonly CompiledLocation[]
  readonly location: CompiledLocation
  readonly policy: Policy
}

/** Sources of programs: they are run by the application, never shown. */
const SCRIPT = /\.(?:php\d?|phtml|phar|phps)$/i

export async function answerStatic(asked: Asked, forward: Forward): Promise<void> {
  const { req, res, target, headers, location, policy } = asked
  const reading = req.method === 'GET' || req.method === 'HEAD'
  const found = (reading || policy.passthru !== false) && policy.allow ? await find(location, target) : NOTHING
  if (found.kind === 'file' && SCRIPT.test(found.file.path)) {
    await found.file.handle.close()
    return forward(target.path.endsWith('/') ? `${target.path}${basename(found.file.path)}${target.query}` : undefined)
  }
  if (found.kind === 'file' && reading) return deliver(asked, found.file, policy)
  if (found.kind === 'file') await found.file.handle.close()
  if (found.kind === 'directory' && reading) {
    return answerRedirect(req, res, { location: `${target.raw.replace(/^[/\\]+/, '/')}/${target.query}`, code: 301, expires: -1 }, headers)
  }
  if (policy.passthru === true) return forward()
  if (policy.passthru !== false) return passAs(asked, policy.passthru, forward)
  if (!reading) return answerPlain(req, res, 405, 'Files can only be read.', ['allow', 'GET, HEAD', ...headers])
  answerPlain(req, res, 404, 'There is nothing at this address.', headers)
}

const NOTHING = { kind: 'none' } as const

// A passthru path may itself be a file, such as the one page of a single-page application.
async function passAs(asked: Asked, passthru: string, forward: Forward): Promise<void> {
  const { req, target, locations } = asked
  const path = passthru.split('?')[0] ?? passthru
  const location = findLocation(locations, path)
  if (location !== undefined && !SCRIPT.test(path) && (req.method === 'GET' || req.method === 'HEAD')) {
    const policy = policyFor(location, path)
    const found = policy.allow ? await find(location, { raw: path, path, query: '', fileSafe: true }) : NOTHING
    if (found.kind === 'file') return deliver(asked, found.file, policy)
  }
  forward(passthru.includes('?') ? passthru + target.query.replace('?', '&') : passthru + target.query)
}

async function find(location: CompiledLocation, target: Target): ReturnType<typeof lookUp> {
  const { root, index } = location.location
  if (root === undefined || !target.fileSafe) return NOTHING
  return lookUp(root, pathInRoot(location, target.path), index)
}

function deliver({ req, res, headers }: Asked, file: OpenFile, policy: Policy): void {
  if (res.destroyed) return void file.handle.close().catch(() => undefined)
  sendFile(req, res, file, policy.expires, [...headers, ...Object.entries(policy.headers).flat()])
}
