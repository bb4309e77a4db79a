// Git over HTTP: the smart protocol at /<project>.git/, one git process per request, nothing held in memory.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { FridayError } from '#lib/errors.ts'
import type { Log } from '#lib/log.ts'
import type { Secret } from '#lib/secret.ts'
import { bodyOf, feed, MAX_FETCH_REQUEST, roomIn, withBoundedCommands } from './body.ts'
import { openDesk, type PushDesk } from './desk.ts'
import type { GitProcess } from './git.ts'
import type { Receive } from './push.ts'
import type { OpenRepositories } from './repositories.ts'
import { protocolEnv, readCredentials, readRequest, type GitRequest, type ProtocolEnv, type Service } from './request.ts'
import { encodePkt, FLUSH } from './pkt-line.ts'
import { spokenLine } from './spoken.ts'

export interface AuthoriseRequest {
  readonly project: string
  readonly username: string
  readonly token: Secret
  readonly operation: 'read' | 'write'
}

export type Grant =
  | { readonly ok: true; readonly actor: string; readonly repository: string }
  | { readonly ok: false; readonly status: 401 | 403 | 404; readonly message: string }

export interface GitHttpOptions {
  readonly repositories: OpenRepositories
  /** Asked on every request, so twice or more in one clone or push. */
  readonly authorise: (request: AuthoriseRequest) => Promise<Grant>
  readonly receive: Receive
  /** Folder for the socket that hooks ask on. */
  readonly runFolder: string
  readonly log: Log
}

export interface GitHttp extends AsyncDisposable {
  /** Answers a request whose URL `isGitUrl`. Never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
}

type Exchange = Exclude<GitRequest, { kind: 'refuse' }>
type Granted = Extract<Grant, { ok: true }>

/** Opens the socket for hooks; dispose it to let running pushes go (their work goes on, their clients are told so). */
export async function gitHttpHandler(options: GitHttpOptions): Promise<GitHttp> {
  const { repositories, receive, runFolder, log } = options
  const desk = await openDesk({ git: repositories.git, receive, runFolder, log })
  return {
    async handle(request, response) {
      // A connection may break at any time, also when nobody reads from it any more; 'close' tells whoever cares.
      request.on('error', () => undefined)
      response.on('error', () => undefined)
      try {
        await answer(request, response, options, desk)
      } catch (error) {
        failed(response, error, log)
      }
    },
    [Symbol.asyncDispose]: () => desk[Symbol.asyncDispose](),
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, options: GitHttpOptions, desk: PushDesk): Promise<void> {
  const asked = readRequest({
    method: request.method ?? '',
    url: request.url ?? '',
    contentType: request.headers['content-type'],
    contentEncoding: request.headers['content-encoding'],
  })
  if (asked.kind === 'refuse') return refuse(response, asked.status, asked.message)
  const credentials = readCredentials(request.headers.authorization)
  if (credentials === undefined) return refuse(response, 401, 'Give a token of yours as the password.')
  const grant = await options.authorise({
    project: asked.project,
    ...credentials,
    operation: asked.service === 'upload-pack' ? 'read' : 'write',
  })
  if (!grant.ok) return refuse(response, grant.status, grant.message)
  if (!(await options.repositories.has(grant.repository))) return refuse(response, 404, `The project ${asked.project} has no repository.`)
  const protocol = protocolEnv(request.headers['git-protocol'])
  if (asked.kind === 'advertise') return advertise(response, options, asked.service, grant, protocol)
  if (asked.service === 'upload-pack') return serveFetch(request, response, options, asked, grant, protocol)
  return servePush(request, response, options, asked, grant, desk)
}

async function advertise(
  response: ServerResponse,
  options: GitHttpOptions,
  service: Service,
  grant: Granted,
  protocol: ProtocolEnv,
): Promise<void> {
  const { git } = options.repositories
  // Hidden only here: a push to such a ref has to reach the hook in quarantine, which refuses it and leaves nothing.
  const hidden = service === 'receive-pack' ? ['-c', 'receive.hideRefs=refs/friday'] : []
  const path = git.pathOf(grant.repository)
  const child = await git.stream(grant.repository, [...hidden, service, '--stateless-rpc', '--advertise-refs', path], protocol)
  child.stdin.end()
  const second = service === 'upload-pack' && /(?:^|:)version=2(?:$|:)/.test(protocol.GIT_PROTOCOL ?? '')
  const head = second ? [] : [encodePkt(`# service=git-${service}\n`), FLUSH]
  finish(response, await relay(child, response, { type: `application/x-git-${service}-advertisement`, head, log: options.log }))
}

async function serveFetch(
  request: IncomingMessage,
  response: ServerResponse,
  { repositories: { git }, log }: GitHttpOptions,
  { gzip }: Exchange,
  grant: Granted,
  protocol: ProtocolEnv,
): Promise<void> {
  const args = ['upload-pack', '--strict', '--stateless-rpc', '--timeout=900', git.pathOf(grant.repository)]
  const child = await git.stream(grant.repository, args, protocol)
  onLeaving(response, child.kill)
  const answered = relay(child, response, { type: 'application/x-git-upload-pack-result', log })
  finish(response, await after(feed(bodyOf(request, gzip, MAX_FETCH_REQUEST), child.stdin), answered))
}

async function servePush(
  request: IncomingMessage,
  response: ServerResponse,
  { repositories: { git, maxInputSize }, log }: GitHttpOptions,
  { gzip, project }: Exchange,
  { repository, actor }: Granted,
  desk: PushDesk,
): Promise<void> {
  using push = desk.open({ project, repository, actor })
  const child = await git.stream(repository, ['receive-pack', '--stateless-rpc', git.pathOf(repository)], push.env)
  // Nothing is killed: an upload cut short ends git's input, and a hook that is let go ends the rest.
  onLeaving(response, push.abandon)
  const body = withBoundedCommands(bodyOf(request, gzip, maxInputSize + MAX_FETCH_REQUEST))
  const answered = relay(child, response, { type: 'application/x-git-receive-pack-result', log })
  finish(response, await after(feed(body, child.stdin), answered))
}

/**
 * Passes git's output on as it comes, at the client's pace; a client that left is read for, so that git can end by itself.
 * Returns whether git had an answer.
 */
async function relay(
  child: GitProcess,
  response: ServerResponse,
  { type, head = [], log }: { type: string; head?: Buffer[]; log: Log },
): Promise<boolean> {
  const said = text(child.stderr)
  let begun = false
  const begin = () => {
    if (begun || response.destroyed) return
    begun = true
    response.writeHead(200, {
      'Content-Type': type,
      'Cache-Control': 'no-cache, max-age=0, must-revalidate',
      'X-Content-Type-Options': 'nosniff',
    })
    for (const part of head) response.write(part)
  }
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    begin()
    if (begun && response.writable && !response.write(chunk)) await roomIn(response)
  }
  const [status, stderr] = await Promise.all([child.ended, said])
  if (status === 0) begin()
  else log.debug({ status, stderr: stderr.slice(-1000) }, 'git ended a request with an error')
  return begun
}

/** What `answered` gives, once both are over, so that nothing goes on behind an answered request; an error of `sent` goes first. */
async function after(sent: Promise<void>, answered: Promise<boolean>): Promise<boolean> {
  const [one, two] = await Promise.allSettled([sent, answered])
  if (one.status === 'rejected') throw one.reason
  if (two.status === 'rejected') throw two.reason
  return two.value
}

function finish(response: ServerResponse, begun: boolean): void {
  if (begun) response.end()
  else refuse(response, 400, 'git could not read the request.')
}

function onLeaving(response: ServerResponse, left: () => void): void {
  const look = () => {
    if (!response.writableFinished) left()
  }
  if (response.destroyed) look()
  else response.once('close', look)
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...(status === 401 ? { 'WWW-Authenticate': 'Basic realm="Friday", charset="UTF-8"' } : {}),
  })
  response.end(`${spokenLine(message)}\n`)
}

function failed(response: ServerResponse, error: unknown, log: Log): void {
  if (response.destroyed) return
  if (response.headersSent) return void response.destroy()
  if (error instanceof FridayError && error.status < 500) return refuse(response, error.status, `${error.message}. ${error.advice}`)
  if (error instanceof RangeError || (error as NodeJS.ErrnoException | undefined)?.code?.startsWith('Z_'))
    return refuse(response, 400, 'The request is not what git sends.')
  log.error({ err: error }, 'a git request failed')
  refuse(response, 500, 'Friday failed on this request; its log says why.')
}
