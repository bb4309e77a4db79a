// A real Friday for a test: its own folder and ports, the real command line and git as a user has them; nothing of it outlives the test.
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exec, execOk, spawnProgram, type ExecResult } from '#lib/exec.ts'
import { waitFor } from '#lib/wait.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bin = join(root, 'bin', 'friday.js')

export interface TestFriday extends AsyncDisposable {
  readonly folder: string
  readonly url: string
  /** Address at which applications answer. */
  readonly router: { host: string; port: number }
  readonly env: Readonly<Record<string, string>>
  /** Runs the command line; the caller looks at the result. */
  friday(...args: string[]): Promise<ExecResult>
  /** Runs it with --json and gives the answer; a failure is an error. */
  ask<T>(...args: string[]): Promise<T>
  /** A checkout with these files committed on main, its remote `friday` pointing at the project, which is made if need be. */
  checkout(project: string, files: Readonly<Record<string, string>>): Promise<Checkout>
  /** A request to an environment through the router. */
  fetch(
    branch: string,
    project: string,
    path: string,
    options?: { method?: string; body?: string; headers?: Record<string, string> },
  ): Promise<Answer>
  /** Stops it with all that it runs and removes its folder; what is left on the machine all the same, as lines. */
  end(): Promise<string[]>
  /** SIGKILL to the control plane, nothing else. */
  kill(): Promise<void>
  /** Starts the control plane (again). */
  start(): Promise<void>
}

export interface Answer {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

export interface Checkout {
  readonly path: string
  git(...args: string[]): Promise<ExecResult>
  /** Writes files (undefined removes one) and commits. */
  commit(files: Readonly<Record<string, string | undefined>>, message?: string): Promise<void>
  push(...args: string[]): Promise<ExecResult>
}

export interface TestOptions {
  /** A user without rights that Friday runs as, from a copy of the program that it may read. */
  readonly uid?: number
}

export async function startTestFriday(settings: Readonly<Record<string, string>> = {}, { uid }: TestOptions = {}): Promise<TestFriday> {
  const folder = await mkdtemp(join(tmpdir(), 'friday-test-'))
  // Containers and servers run as other users; they must be able to pass.
  await chmod(folder, 0o711)
  const as = uid === undefined ? {} : { uid, gid: uid }
  if (uid !== undefined) await chown(folder, uid, uid)
  const program = uid === undefined ? bin : await copyProgram(join(folder, 'program'))
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    FRIDAY_DATA: join(folder, 'data'),
    FRIDAY_CONFIG: join(folder, 'credentials.json'),
    // Fixed for its life: a control plane that comes back has the settings it had.
    FRIDAY_PORT: String(await freePort()),
    FRIDAY_ROUTER_PORT: String(await freePort()),
    GIT_CONFIG_GLOBAL: join(folder, 'gitconfig'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    ...(process.env['NODE_EXTRA_CA_CERTS'] === undefined ? {} : { NODE_EXTRA_CA_CERTS: process.env['NODE_EXTRA_CA_CERTS'] }),
    ...settings,
  }
  let server: ReturnType<typeof spawnProgram> | undefined
  let url = ''
  let router = { host: '', port: 0 }

  const friday = (...args: string[]) => exec([process.execPath, bin, ...args], { env, cwd: folder, timeoutMs: 300_000 })

  async function start(): Promise<void> {
    const child = spawnProgram([process.execPath, program, 'start'], { env, cwd: folder, ...as })
    server = child
    let said = ''
    let token: string | undefined
    child.stdout?.on('data', (chunk: Buffer) => (said += String(chunk)))
    child.stderr?.on('data', (chunk: Buffer) => (said += String(chunk)))
    let ended = false
    void child.then(() => (ended = true))
    const up = await waitFor(
      () => {
        if (ended) throw new Error(`friday start ended:\n${said}`)
        return /Friday is up: (\S+) +applications: http:\/\/(\S+):(\d+)/.exec(said) ?? undefined
      },
      { timeoutMs: 120_000 },
    )
    if (up === undefined) throw new Error(`friday start did not get ready:\n${said}`)
    url = up[1] ?? ''
    router = { host: up[2] ?? '', port: Number(up[3]) }
    token = /--setup-token (\S+)/.exec(said)?.[1]
    if (token !== undefined) {
      const result = await friday('login', url, '--setup-token', token)
      if (!result.ok) throw new Error(result.stderr)
    }
  }

  async function kill(): Promise<void> {
    server?.kill('SIGKILL')
    await server
  }

  async function end(): Promise<string[]> {
    if (server?.exitCode !== null || server.killed) await start()
    const registry = await readFile(join(env['FRIDAY_DATA'] ?? '', 'engine', 'registry.json'), 'utf8').catch(() => '{}')
    const { instance = '' } = JSON.parse(registry) as { instance?: string }
    await friday('stop')
    await server
    await rm(folder, { recursive: true, force: true })
    return tracesOf(folder, instance)
  }

  await start()
  return {
    folder,
    get url() {
      return url
    },
    get router() {
      return router
    },
    env,
    friday,
    start,
    kill,
    async ask<T>(...args: string[]): Promise<T> {
      const result = await friday(...args, '--json')
      if (!result.ok) throw new Error(`friday ${args.join(' ')}: ${result.stdout}${result.stderr}`)
      return JSON.parse(result.stdout) as T // the caller names what the verb answers
    },
    async checkout(project, files) {
      const path = join(folder, `checkout-${project}`)
      await mkdir(path, { recursive: true })
      const git = (...args: string[]) => exec(['git', ...args], { env, cwd: path, timeoutMs: 300_000 })
      if (!existsSync(join(path, '.git'))) {
        await git('init', '-q', '-b', 'main')
        await git('config', 'user.name', 'Tester')
        await git('config', 'user.email', 'tester@example.org')
        await git('remote', 'add', 'friday', `${url}/${project}.git`)
        const made = await friday('project', 'create', project)
        if (!made.ok) throw new Error(made.stderr)
      }
      const checkout: Checkout = {
        path,
        git,
        push: (...args) => git('push', 'friday', ...args),
        async commit(changes, message = 'A change') {
          for (const [name, content] of Object.entries(changes)) {
            if (content === undefined) await rm(join(path, name), { force: true })
            else {
              await mkdir(dirname(join(path, name)), { recursive: true })
              await writeFile(join(path, name), content)
            }
          }
          await git('add', '-A')
          const done = await git('commit', '-q', '--allow-empty', '-m', message)
          if (!done.ok) throw new Error(done.stderr)
        },
      }
      await checkout.commit(files, 'The beginning')
      return checkout
    },
    fetch: (branch, project, path, options = {}) => fetchFrom(router, `${branch}.${project}.localhost:${router.port}`, path, options),
    end,
    async [Symbol.asyncDispose]() {
      await end()
    },
  }
}

/** What the package needs to run, without the tools it is made with. */
async function copyProgram(to: string): Promise<string> {
  const packages = (await execOk(['npm', 'ls', '--omit=dev', '--all', '--parseable'], { cwd: root, inheritEnv: true }))
    .split('\n')
    .filter((path) => path.includes('node_modules'))
    .map((path) => relative(root, path))
  await mkdir(to)
  await execOk(['cp', '-a', '--parents', 'bin', 'dist', 'package.json', ...packages, to], { cwd: root })
  return join(to, 'bin', 'friday.js')
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

export function fetchFrom(
  router: { host: string; port: number },
  host: string,
  path: string,
  { method = 'GET', body, headers = {} }: { method?: string; body?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request({ host: router.host, port: router.port, path, method, headers: { ...headers, host }, agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => (text += chunk))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text, headers: answer.headers }))
      answer.on('error', reject)
    })
    call.on('error', reject)
    call.end(body)
  })
}

/** What is left on the machine of a Friday that lay in `folder` and whose engine called itself `instance`. */
async function tracesOf(folder: string, instance: string): Promise<string[]> {
  const lines = async (argv: [string, ...string[]]) =>
    (await exec(argv, { inheritEnv: true }).catch(() => undefined))?.stdout.split('\n').filter((line) => line !== '') ?? []
  const found = await Promise.all([
    lines(['cat', '/proc/mounts']),
    lines(['losetup', '-a']),
    lines(['ip', 'netns', 'list']),
    lines(['ip', '-o', 'link']),
    lines(['ip', 'route']),
    lines(['nft', 'list', 'tables']),
    lines(['ps', '-eo', 'args']),
    lines(['ls', tmpdir(), '/run', '/sys/fs/cgroup', '/sys/fs/cgroup/memory', '/sys/fs/cgroup/pids']),
  ])
  const names = [folder.slice(folder.lastIndexOf('/') + 1), instance]
  return found.flat().filter((line) => names.some((name) => name !== '' && line.includes(name)))
}
