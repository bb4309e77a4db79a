// The hook program: git runs it as pre-receive and as proc-receive; it asks the control plane and passes on what that says.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { encodePkt, FLUSH, readPkts } from './pkt-line.ts'
import type { RefCommand, RefVerdict } from './push.ts'
import type { HookAnswer, HookCall } from './wire.ts'

// oxlint-disable-next-line node/no-process-env -- a program of its own: git hands the push over through the environment
const { FRIDAY_PUSH_SOCKET: socketPath = '', FRIDAY_PUSH_ID: id = '' } = process.env

const NOTHING_TAKEN = 'Friday ended the connection before it took the push. Nothing was changed; push again.'
const GOES_ON =
  'Friday received the push, and its activity goes on without this connection. Look at the project for how it ends before you push again.'

/** pre-receive(5): refusing one ref refuses the push, and git throws its objects away. */
async function preReceive(): Promise<void> {
  const commands: RefCommand[] = []
  for await (const line of createInterface({ input: process.stdin })) commands.push(commandOf(line))
  const last = await ask({ id, phase: 'check', commands, options: [], atomic: false })
  if (last?.kind !== 'checked') return refuseAll([NOTHING_TAKEN])
  if (last.refusals.length > 0) refuseAll(last.refusals.map(({ ref, refuse }) => `${ref}: ${refuse}`))
}

/** The conversation of githooks(5), proc-receive: features, commands, options, then one report per ref. */
async function procReceive(): Promise<void> {
  const pkts = readPkts(process.stdin)
  const [hello = ''] = await section(pkts)
  const features = hello.split('\0')[1]?.split(' ') ?? []
  const withOptions = features.includes('push-options')
  process.stdout.write(Buffer.concat([encodePkt(withOptions ? 'version=1\0push-options' : 'version=1'), FLUSH]))
  const commands = (await section(pkts)).map(commandOf)
  const options = withOptions ? await section(pkts) : []
  let received = false
  const last = await ask({ id, phase: 'run', commands, options, atomic: features.includes('atomic') }, () => {
    received = true
  })
  if (last?.kind === 'verdicts') return report(last.verdicts)
  process.stderr.write(`${received ? GOES_ON : NOTHING_TAKEN}\n`)
  const reason = received ? 'received, but how it ended is not known here' : 'not taken; push again'
  report(commands.map(({ ref }) => ({ ref, ok: false, reason })))
}

/** Says what comes, as it comes, and returns the answer; undefined when the connection ended before there was one. */
async function ask(call: HookCall, onReceived: () => void = () => undefined): Promise<HookAnswer | undefined> {
  const socket = connect(socketPath)
  try {
    await once(socket, 'connect')
    socket.write(`${JSON.stringify(call)}\n`)
    return await answerFrom(socket, onReceived)
  } catch {
    return undefined
  } finally {
    socket.destroy()
  }
}

async function answerFrom(socket: Socket, onReceived: () => void): Promise<HookAnswer | undefined> {
  for await (const line of createInterface({ input: socket })) {
    const answer = JSON.parse(line) as HookAnswer // our own control plane wrote it
    if (answer.kind === 'say') process.stderr.write(`${answer.line}\n`)
    else if (answer.kind === 'received') onReceived()
    else return answer
  }
  return undefined
}

async function section(pkts: AsyncGenerator<string | undefined, void>): Promise<string[]> {
  const lines: string[] = []
  for (;;) {
    const next = await pkts.next()
    if (next.done === true) throw new Error('git ended in the middle of its conversation')
    if (next.value === undefined) return lines
    lines.push(next.value)
  }
}

function commandOf(line: string): RefCommand {
  const [before = '', after = ''] = line.split(' ', 2)
  return { ref: line.slice(before.length + after.length + 2), before: idOf(before), after: idOf(after) }
}

function idOf(text: string): string | undefined {
  return /^0+$/.test(text) ? undefined : text
}

function report(verdicts: readonly RefVerdict[]): void {
  const pkts = verdicts.map((verdict) => encodePkt(verdict.ok ? `ok ${verdict.ref}` : `ng ${verdict.ref} ${verdict.reason}`))
  process.stdout.write(Buffer.concat([...pkts, FLUSH]))
}

function refuseAll(lines: readonly string[]): void {
  process.stderr.write(lines.map((line) => `${line}\n`).join(''))
  process.exitCode = 1
}

await (process.argv[2] === 'pre-receive' ? preReceive() : procReceive())
process.stdin.destroy()
