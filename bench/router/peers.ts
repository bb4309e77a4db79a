// What the router is measured beside: nginx and Caddy with one worker each, and the nginx that all three send their requests to.
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { execOk, spawnBare } from '#lib/exec.ts'
import { waitFor } from '#lib/wait.ts'
import { startRouter } from '#router/client.ts'
import type { Site } from '#router/router.ts'

/** One on which the load and the upstream run, one for the proxy alone. */
export const LOAD_CORE = '0'
const PROXY_CORE = '1'

export interface Contender extends AsyncDisposable {
  readonly name: string
  readonly url: string
}

export async function workFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'friday-bench-router-'))
  // nginx's workers run as another user.
  await chmod(path, 0o755)
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }) }
}

/** 1000 bytes for every request. */
export async function startUpstream(folder: string): Promise<Contender & { readonly port: number }> {
  const port = await freePort()
  const server = `listen 127.0.0.1:${port}; location / { default_type text/plain; return 200 "${'x'.repeat(1000)}"; }`
  return { ...(await startNginx(folder, 'upstream', LOAD_CORE, port, `server { ${server} }`)), port }
}

export async function nginxProxy(folder: string, upstream: number): Promise<Contender> {
  const port = await freePort()
  const http = `upstream app { server 127.0.0.1:${upstream}; keepalive 128; }
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host; } }`
  return startNginx(folder, 'nginx', PROXY_CORE, port, http)
}

export async function caddyProxy(folder: string, upstream: number): Promise<Contender> {
  const port = await freePort()
  const config = join(folder, 'caddy.json')
  const routes = [{ handle: [{ handler: 'reverse_proxy', upstreams: [{ dial: `127.0.0.1:${upstream}` }] }] }]
  const server = { listen: [`127.0.0.1:${port}`], automatic_https: { disable: true }, routes }
  await writeFile(
    config,
    JSON.stringify({ admin: { disabled: true, config: { persist: false } }, apps: { http: { servers: { proxy: server } } } }),
  )
  const argv = ['taskset', '-c', PROXY_CORE, 'caddy', 'run', '--config', config] as const
  const env = { GOMAXPROCS: '1', HOME: folder }
  return serving('caddy', port, await spawnBare([...argv], { env, cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] }))
}

export async function fridayRouter(folder: string, upstream: number): Promise<Contender> {
  const log = join(folder, 'router.log')
  const router = await startRouter({ folder: join(folder, 'router'), listen: { host: '127.0.0.1', port: 0 }, log })
  const { port } = await router.address()
  const pid = /"pid":(\d+)/.exec(await readFile(log, 'utf8'))?.[1] ?? ''
  await execOk(['taskset', '-a', '-p', '-c', PROXY_CORE, pid])
  await router.apply(siteTo(upstream))
  return { name: 'router', url: `http://127.0.0.1:${port}/`, [Symbol.asyncDispose]: async () => router.shutdown() }
}

/** A site that sends everything to one port of this machine. */
export function siteTo(port: number): Site {
  const route = { host: '127.0.0.1', path: '/', original: 'https://{default}/', redirects: [], locations: [] }
  return { id: 'bench', headers: {}, notice: undefined, routes: [{ ...route, kind: 'upstream', upstream: { host: '127.0.0.1', port } }] }
}

async function startNginx(folder: string, name: string, core: string, port: number, http: string): Promise<Contender> {
  const config = join(folder, `${name}.conf`)
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${name}-${kind};`)
    .join(' ')
  await writeFile(
    config,
    `worker_processes 1; daemon off; pid ${folder}/${name}.pid; error_log ${folder}/${name}.err;
     events { worker_connections 4096; }
     http { access_log off; keepalive_requests 100000000; ${folders} ${http} }`,
  )
  const argv = ['taskset', '-c', core, 'nginx', '-e', `${folder}/${name}.err`, '-c', config] as const
  return serving(name, port, await spawnBare([...argv], { cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] }))
}

async function serving(name: string, port: number, child: Awaited<ReturnType<typeof spawnBare>>): Promise<Contender> {
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = `http://127.0.0.1:${port}/`
  async function end(): Promise<void> {
    child.kill('SIGTERM')
    await ended
  }
  const answered = await waitFor(
    async () =>
      request(url)
        .then(async ({ body }) => body.dump().then(() => true))
        .catch(() => false),
    { timeoutMs: 10_000 },
  )
  if (answered !== true) {
    await end()
    throw new Error(`${name} did not answer on ${url}`)
  }
  return { name, url, [Symbol.asyncDispose]: end }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
