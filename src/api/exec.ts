// `friday exec` over a WebSocket: bytes are the program's input and output, text frames are JSON about the session.
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Access } from '#access/access.ts'
import type { Engine } from '#engines/engine.ts'
import { fail as environmentFail, type Environments } from '#environments/environments.ts'
import { FridayError, messageOf } from '#lib/errors.ts'
import type { Projects } from '#projects/projects.ts'

interface Dependencies {
  readonly access: Access
  readonly projects: Projects
  readonly environments: Environments
  readonly engine: Engine
}

interface Request {
  readonly project: string
  readonly environment: string
  readonly process: string | undefined
  readonly argv: readonly [string, ...string[]]
  readonly tty: boolean
  readonly columns: string
  readonly rows: string
}

/** Serves `GET /api/projects/<project>/environments/<environment>/exec` upgrades; every other upgrade is refused. */
export function attachExec(server: Server, deps: Dependencies): void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    authorise(request, deps).then(
      (wanted) => sockets.handleUpgrade(request, socket, head, (client) => void serve(client, wanted, deps)),
      (error: unknown) => refuse(socket, error),
    )
  })
}

async function authorise(request: IncomingMessage, { access }: Dependencies): Promise<Request> {
  // A browser sends its cookies and an Origin; this door takes a token in a header, which no page can forge.
  const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
  if (token === undefined || (await access.authenticate(token)) === undefined) {
    throw new FridayError('access.unauthenticated', 'The token is not known here', { status: 401, advice: 'Run `friday login`.' })
  }
  const url = new URL(request.url ?? '/', 'http://friday')
  const match = /^\/api\/projects\/([^/]+)\/environments\/([^/]+)\/exec$/.exec(url.pathname)
  const argv = parsed(url.searchParams.get('command') ?? '[]')
  if (match === null || !Array.isArray(argv) || argv.length === 0 || !argv.every((part) => typeof part === 'string')) {
    throw new FridayError('api.unknown', 'This is not a request to run a command', { status: 404, advice: 'Use `friday exec`.' })
  }
  return {
    project: decodeURIComponent(match[1] ?? ''),
    environment: decodeURIComponent(match[2] ?? ''),
    process: url.searchParams.get('process') ?? undefined,
    argv: argv as [string, ...string[]], // checked above
    tty: url.searchParams.get('tty') === 'true',
    columns: String(Number(url.searchParams.get('columns') ?? 80) || 80),
    rows: String(Number(url.searchParams.get('rows') ?? 24) || 24),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refuse(socket: Duplex, error: unknown): void {
  const status = error instanceof FridayError ? error.status : 400
  const body = JSON.stringify({
    error: { code: 'api.exec', message: messageOf(error), advice: error instanceof FridayError ? error.advice : '', details: {} },
  })
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

async function serve(client: WebSocket, wanted: Request, { projects, environments, engine }: Dependencies): Promise<void> {
  const early: Buffer[] = []
  const keep = (data: Buffer, binary: boolean) => void (binary && early.push(data))
  client.on('message', keep)
  try {
    const environment = await environments.get(await projects.get(wanted.project), wanted.environment)
    environments.check(environment, 'exec')
    const running = (await engine.list()).filter(({ labels, state }) => labels['environment'] === environment.id && state === 'running')
    const target =
      wanted.process === undefined
        ? running.find(({ labels }) => labels['role'] === 'web' && labels['deployment'] === environment.deployment)
        : running.find(({ labels }) => labels['name'] === wanted.process)
    if (target === undefined)
      throw environmentFail('unknown', `${wanted.process ?? 'No application'} does not run in ${environment.branch}`)
    const session = await engine.exec(target.id, wanted.argv, {
      tty: wanted.tty,
      env: { TERM: 'xterm-256color', COLUMNS: wanted.columns, LINES: wanted.rows },
    })
    client.off('message', keep)
    client.on('message', (data: Buffer, binary: boolean) => (binary ? void session.stdin.write(data) : control(data)))
    client.on('close', () => session.kill())
    for (const data of early) session.stdin.write(data)
    session.stdin.on('error', () => undefined)
    session.output.on('data', (chunk: Buffer) => client.send(chunk))
    client.send(JSON.stringify({ exit: await session.exit }), () => client.close(1000))

    function control(data: Buffer): void {
      const message = JSON.parse(String(data)) as { end?: boolean; resize?: [number, number] } // only ours; anything else has neither
      if (message.end === true) session.stdin.end()
      if (message.resize !== undefined) session.resize(...message.resize)
    }
  } catch (error) {
    client.send(JSON.stringify({ error: { message: messageOf(error), advice: error instanceof FridayError ? error.advice : '' } }), () =>
      client.close(1011),
    )
  }
}
