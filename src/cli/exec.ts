// friday exec: a command, or a shell, inside a running application's container.
import type { Command } from 'commander'
import { WebSocket } from 'ws'
import { FridayError, messageOf } from '#lib/errors.ts'
import { openSession, type GlobalOptions } from './session.ts'

export function exec(program: Command): void {
  program
    .command('exec')
    .description('run a command inside an application (default: a shell)')
    .argument('[command...]', 'after --: friday exec -- node -v')
    .option('--env <branch>', 'environment (default: the branch that is checked out)')
    .option('--process <name>', 'an application, worker or service by name')
    .passThroughOptions()
    .action(async (words: string[], _: unknown, command: Command) => run(words, command.optsWithGlobals()))
}

async function run(words: readonly string[], options: GlobalOptions & { env?: string; process?: string }): Promise<void> {
  const session = await openSession(options)
  const tty = process.stdin.isTTY && process.stdout.isTTY
  const query = new URLSearchParams({
    command: JSON.stringify(words.length > 0 ? words : ['/bin/sh', ...(tty ? ['-i'] : [])]),
    tty: String(tty),
    columns: String(process.stdout.columns ?? 80),
    rows: String(process.stdout.rows ?? 24),
    ...(options.process === undefined ? {} : { process: options.process }),
  })
  const [project, environment] = [await session.project(), await session.environment(options.env)]
  const base = session.client.url.replace(/^http/, 'ws')
  const socket = new WebSocket(
    `${base}/api/projects/${encodeURIComponent(project)}/environments/${encodeURIComponent(environment)}/exec?${query}`,
    {
      headers: { authorization: `Bearer ${session.client.token ?? ''}` },
    },
  )
  process.exitCode = await relay(socket, tty)
}

function relay(socket: WebSocket, tty: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const resize = () => socket.send(JSON.stringify({ resize: [process.stdout.columns, process.stdout.rows] }))
    const finish = () => {
      if (tty) process.stdin.setRawMode(false)
      process.stdin.pause()
      process.stdout.off('resize', resize)
    }
    socket.on('open', () => {
      if (tty) process.stdin.setRawMode(true)
      if (tty) process.stdout.on('resize', resize)
      process.stdin.on('data', (chunk: Buffer) => socket.send(chunk))
      process.stdin.on('end', () => socket.send(JSON.stringify({ end: true })))
    })
    socket.on('message', (data: Buffer, binary: boolean) => {
      if (binary) return void process.stdout.write(data)
      const message = JSON.parse(String(data)) as { exit?: number; error?: { message: string; advice: string } } // the server's own frames
      finish()
      if (message.error !== undefined)
        reject(new FridayError('cli.exec', message.error.message, { status: 422, advice: message.error.advice }))
      else resolve(message.exit ?? 1)
    })
    socket.on('unexpected-response', (_, response) =>
      reject(
        new FridayError('cli.exec', `Friday answered ${response.statusCode}`, {
          status: response.statusCode ?? 500,
          advice: 'Run `friday login`.',
        }),
      ),
    )
    socket.on('error', (error) =>
      reject(new FridayError('client.unreachable', messageOf(error), { status: 503, advice: 'Is Friday running? `friday status`' })),
    )
    socket.on('close', () => {
      finish()
      resolve(1)
    })
  })
}
