// Where the hooks of running pushes ask: a socket of ours that hands each question to the domain and its answers back.
import { createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { FridayError, messageOf } from '#lib/errors.ts'
import { randomId } from '#lib/ids.ts'
import type { Log } from '#lib/log.ts'
import { fail } from './errors.ts'
import type { Git } from './git.ts'
import { dropIncoming, holdIncoming, newPushId } from './incoming.ts'
import type { Push, Receive, RefCommand, Refusal, RefVerdict } from './push.ts'
import { ruleRefusals } from './rules.ts'
import { removeDeadSockets } from './sockets.ts'
import { spokenLine, spokenLines } from './spoken.ts'
import type { HookAnswer, HookCall } from './wire.ts'

export interface OpenPush {
  /** For the hooks of this push, and only for them. */
  readonly env: Readonly<Record<string, string>>
  /** Nobody listens any more: the hook is let go, `signal` aborts, the domain's work is not touched. */
  abandon(): void
  /** git has ended. */
  [Symbol.dispose](): void
}

export interface PushDesk extends AsyncDisposable {
  open(about: Pick<Push, 'project' | 'repository' | 'actor'>): OpenPush
}

export interface DeskOptions {
  readonly git: Git
  readonly receive: Receive
  /** Folder for the socket, ours alone. */
  readonly runFolder: string
  readonly log: Log
}

interface Visit {
  readonly about: Pick<Push, 'id' | 'project' | 'repository' | 'actor'>
  readonly aborting: AbortController
  readonly sockets: Set<Socket>
  /** The commands that `check` let pass; `run` takes these and no others. */
  passed: string | undefined
}

const MAX_UNSENT = 1024 * 1024

export async function openDesk(options: DeskOptions): Promise<PushDesk> {
  const visits = new Map<string, Visit>()
  const path = await socketPath(options.runFolder)
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    void attend(socket, visits, options)
  })
  await listen(server, path)
  return {
    open(about) {
      const key = randomId(32)
      const visit: Visit = {
        about: { ...about, id: newPushId(Date.now()) },
        aborting: new AbortController(),
        sockets: new Set(),
        passed: undefined,
      }
      visits.set(key, visit)
      const abandon = () => leave(visit)
      return {
        env: { ...options.git.home.hookEnv, FRIDAY_PUSH_SOCKET: path, FRIDAY_PUSH_ID: key },
        abandon,
        [Symbol.dispose]() {
          visits.delete(key)
          abandon()
        },
      }
    },
    async [Symbol.asyncDispose]() {
      for (const visit of visits.values()) leave(visit)
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function leave(visit: Visit): void {
  visit.aborting.abort()
  for (const socket of visit.sockets) socket.destroy()
}

async function attend(socket: Socket, visits: ReadonlyMap<string, Visit>, options: DeskOptions): Promise<void> {
  socket.on('error', () => undefined)
  try {
    const call = await firstLine(socket)
    const visit = call === undefined ? undefined : visits.get(call.id)
    if (call === undefined || visit === undefined || visit.aborting.signal.aborted) return
    visit.sockets.add(socket)
    const answer = call.phase === 'check' ? await check(visit, call, options) : await run(visit, call, socket, options)
    send(socket, answer)
  } catch (error) {
    options.log.error({ err: error }, 'a push could not be attended')
  } finally {
    socket.end()
  }
}

async function check(visit: Visit, call: HookCall, { receive, log }: DeskOptions): Promise<HookAnswer> {
  const refusals = await refusalsOf(visit, call, receive).catch((error: unknown): Refusal[] => {
    const reason = reasonOf(error, log)
    return call.commands.map(({ ref }) => ({ ref, refuse: reason }))
  })
  if (refusals.length === 0) visit.passed = fingerprint(call.commands)
  return { kind: 'checked', refusals: refusals.map(({ ref, refuse }) => ({ ref: spokenLine(ref), refuse: spokenLine(refuse) })) }
}

async function refusalsOf(visit: Visit, call: HookCall, receive: Receive): Promise<readonly Refusal[]> {
  const refused = ruleRefusals(call.commands)
  return refused.length > 0 ? refused : receive.check(pushOf(visit, call))
}

async function run(visit: Visit, call: HookCall, socket: Socket, options: DeskOptions): Promise<HookAnswer> {
  const { git, receive, log } = options
  const push = pushOf(visit, call)
  if (visit.passed !== fingerprint(call.commands)) return verdictsFor(push, [], 'was not checked before; push again')
  visit.passed = undefined
  try {
    await holdIncoming(git, push)
    send(socket, { kind: 'received' })
    // The hook's end (a lost client, or somebody killed it) is the end of listening.
    socket.once('close', () => visit.aborting.abort())
    const verdicts = await receive.run(push, speaker(socket), visit.aborting.signal)
    await dropIncoming(git, push).catch((error: unknown) => log.warn({ err: error, push: push.id }, 'incoming refs stay until maintenance'))
    return verdictsFor(push, verdicts, 'got no verdict')
  } catch (error) {
    return verdictsFor(push, [], reasonOf(error, log))
  }
}

/** One verdict per command, in the order of the push; what the domain left out is refused. */
function verdictsFor(push: Push, verdicts: readonly RefVerdict[], otherwise: string): HookAnswer {
  const given = new Map(verdicts.map((verdict) => [verdict.ref, verdict]))
  return {
    kind: 'verdicts',
    verdicts: push.commands.map(({ ref }) => {
      const verdict = given.get(ref) ?? { ref, ok: false, reason: otherwise }
      return verdict.ok ? { ref, ok: true } : { ref, ok: false, reason: spokenLine(verdict.reason) || 'refused' }
    }),
  }
}

/** Writes lines to the hook; a client slower than the log gets a note of what was left out instead of filling our memory. */
function speaker(socket: Socket): (text: string) => void {
  let leftOut = 0
  return (text) => {
    if (socket.destroyed || socket.writableEnded) return
    const lines = spokenLines(text)
    if (socket.writableLength > MAX_UNSENT) {
      leftOut += lines.length
      return
    }
    if (leftOut > 0) send(socket, { kind: 'say', line: `… ${leftOut} lines left out: this connection is slower than the log` })
    leftOut = 0
    for (const line of lines) send(socket, { kind: 'say', line })
  }
}

function send(socket: Socket, answer: HookAnswer): void {
  if (socket.writable) socket.write(`${JSON.stringify(answer)}\n`)
}

function pushOf(visit: Visit, call: HookCall): Push {
  return { ...visit.about, commands: call.commands, options: call.options, atomic: call.atomic }
}

function fingerprint(commands: readonly RefCommand[]): string {
  return JSON.stringify(commands.map(({ ref, before, after }) => [ref, before, after]))
}

function reasonOf(error: unknown, log: Log): string {
  if (error instanceof FridayError && error.status < 500) return `${error.message}. ${error.advice}`
  log.error({ err: error }, 'a push failed')
  return `Friday failed on this push; its log says why (${error instanceof FridayError ? error.code : 'unexpected error'})`
}

async function firstLine(socket: Socket): Promise<HookCall | undefined> {
  const lines = createInterface({ input: socket })
  const line = await new Promise<string | undefined>((resolve) => {
    lines.once('line', resolve)
    lines.once('close', () => resolve(undefined))
  })
  return line === undefined ? undefined : (JSON.parse(line) as HookCall) // our own hook wrote it; the socket's folder is ours alone
}

async function socketPath(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await removeDeadSockets(folder)
  const path = join(folder, `git-${randomId(8)}.sock`)
  // sun_path has 108 bytes on Linux and 104 on macOS, the final NUL included.
  if (Buffer.byteLength(path) > 103) throw fail('socket_path', `The path ${path} is too long for a socket`)
  return path
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(fail('socket_path', `Cannot listen on ${path}: ${messageOf(error)}`, { cause: error })))
    server.listen(path, resolve)
  })
  await chmod(path, 0o600)
}
