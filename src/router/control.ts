// The control socket's side of the router: HTTP and JSON over a unix socket that only the router's folder leads to.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { FridayError, messageOf } from '#lib/errors.ts'
import type { Log } from '#lib/log.ts'
import type { Site, Upstream } from './router.ts'
import { fail } from './errors.ts'
import type { HoldOptions } from './hold.ts'
import type { RouterSettings } from './settings.ts'
import type { State } from './state.ts'
import type { Upstreams } from './upstreams.ts'

export interface ControlDeps {
  readonly state: State
  readonly upstreams: Upstreams
  readonly settings: RouterSettings
  readonly log: Log
  address(): { host: string; port: number }
  /** Ends taking requests and waits for those in flight; the answer is sent when that is done. */
  drain(): Promise<void>
  /** Ends the process, once the answer is on its way. */
  end(): void
}

export function createControl(deps: ControlDeps): Server {
  return createServer({ requestTimeout: 0 }, (req, res) => {
    const gone = new AbortController()
    res.once('close', () => gone.abort())
    perform(req, deps, gone.signal)
      .then((answer) => send(res, 200, answer ?? {}))
      .catch((error: unknown) => sendError(res, error, deps.log))
      .finally(() => {
        if (req.url === '/shutdown') deps.end()
      })
  })
}

async function perform(req: IncomingMessage, deps: ControlDeps, signal: AbortSignal): Promise<unknown> {
  const { state, upstreams } = deps
  // The other end of this socket is our own client, which writes these shapes.
  const body = req.method === 'POST' ? ((await json(req)) as Record<string, unknown>) : {}
  const id = String(body['id'])
  switch (`${req.method} ${req.url}`) {
    case 'GET /info':
      return { pid: process.pid, settings: deps.settings, address: deps.address() }
    case 'GET /sites':
      return state.sites()
    case 'POST /apply':
      return state.apply(body['site'] as Site)
    case 'POST /remove':
      return state.remove(id)
    case 'POST /hold':
      return state.hold(id, body['options'] as HoldOptions)
    case 'POST /release':
      return state.release(id)
    case 'POST /metrics':
      return state.metrics(id)
    case 'POST /drained':
      return { drained: await upstreams.drained(body['upstream'] as Upstream, Number(body['timeoutMs']), signal) }
    case 'POST /shutdown':
      return deps.drain()
    default:
      throw fail('bad_request', `The router knows no ${req.method} ${req.url}`)
  }
}

function send(res: ServerResponse, status: number, answer: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(answer))
}

function sendError(res: ServerResponse, error: unknown, log: Log): void {
  if (!(error instanceof FridayError)) log.error({ err: error }, 'a control request failed')
  const { code, status, advice, details } =
    error instanceof FridayError ? error : { code: 'router.failed', status: 500, advice: 'Read the router’s log file.', details: {} }
  send(res, status, { code, status, advice, details, message: messageOf(error) })
}
