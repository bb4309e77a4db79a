// What the router's tests share: the built process in a folder of its own, applications behind it, and ways to ask it.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Agent } from 'undici'
import { exec } from '#lib/exec.ts'
import { startRouter, type RouterOptions } from './client.ts'
import type { Location, Route, Router, Site, Upstream } from './router.ts'

const NOBODY = 65534

export interface Fixture extends AsyncDisposable {
  readonly router: Router
  readonly port: number
  readonly folder: string
  readonly options: RouterOptions
  /** Starts an application; ended with the fixture. */
  app(listener: RequestListener): Promise<App>
  /** Asks the router and reads the whole answer. */
  ask(path: string, options?: Ask): Promise<Answer>
}

export interface App {
  readonly server: Server
  readonly upstream: Upstream
  stop(): Promise<void>
}

export interface Ask {
  readonly host?: string
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Buffer
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Builds `dist/`, so that the process under test is that of the source. */
export async function buildRouter(): Promise<void> {
  // Its exit status says whether every folder type-checks, which is another test's business.
  await exec(['node_modules/.bin/tsc', '-p', 'tsconfig.build.json'], { inheritEnv: true, timeoutMs: 120_000 })
}

export async function startFixture(extra: Partial<RouterOptions> = {}): Promise<Fixture> {
  const folder = await mkdtemp(join(tmpdir(), 'friday-router-'))
  await chmod(folder, 0o755)
  const uid = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  const options = {
    folder: join(folder, 'router'),
    listen: { host: '127.0.0.1', port: 0 },
    log: join(folder, 'router.log'),
    drainMs: 500,
    ...uid,
    ...extra,
  }
  const router = await startRouter(options)
  const { port } = await router.address()
  const agent = new Agent()
  const apps: App[] = []
  return {
    router,
    port,
    folder,
    options,
    app: async (listener) => {
      const app = await startApp(listener)
      apps.push(app)
      return app
    },
    ask: async (path, { host = 'a.test', method = 'GET', headers = {}, body } = {}) => {
      const answer = await agent.request({ origin: `http://127.0.0.1:${port}`, path, method, headers: { host, ...headers }, body })
      return { status: answer.statusCode, headers: answer.headers, body: await answer.body.text() }
    },
    [Symbol.asyncDispose]: async () => {
      await agent.destroy()
      await Promise.all(apps.map(async ({ stop }) => stop()))
      // A test may have ended the first process and started another.
      const last = await startRouter(options)
      await last.shutdown()
      await router[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export async function startApp(listener: RequestListener): Promise<App> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // It listens on TCP.
  const { port } = server.address() as AddressInfo
  const stop = async (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { server, upstream: { host: '127.0.0.1', port }, stop }
}

/** An application that answers with its name, the path it was asked for and the headers it got. */
export function echo(name: string): RequestListener {
  return (req, res) => {
    req.resume().on('end', () => res.end(JSON.stringify({ name, method: req.method, url: req.url, headers: req.headers })))
  }
}

/** Writes bytes as they are and reads until the other side ends. */
export async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.setTimeout(10_000, () => socket.destroy(new Error('no end of the answer')))
  socket.write(bytes, 'latin1')
  return text(socket)
}

export function siteOf(id: string, routes: readonly Route[], extra: Partial<Site> = {}): Site {
  return { id, routes, headers: {}, notice: undefined, ...extra }
}

export function to(upstream: Upstream | undefined, extra: Partial<Extract<Route, { kind: 'upstream' }>> = {}): Route {
  return { kind: 'upstream', host: 'a.test', path: '/', original: 'https://{default}/', redirects: [], locations: [], upstream, ...extra }
}

export function place(extra: Partial<Location> = {}): Location {
  return {
    prefix: '/',
    root: undefined,
    index: [],
    passthru: true,
    allow: true,
    expires: -1,
    headers: {},
    rules: [],
    maxRequestBytes: 250 * 1024 * 1024,
    ...extra,
  }
}
