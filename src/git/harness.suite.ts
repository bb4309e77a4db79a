// What the tests of this folder share: a node:http server with our endpoint, a real git client, and a domain that does as told.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { exec, execOk, type ExecResult } from '#lib/exec.ts'
import { silentLog } from '#lib/log.ts'
import { gitHttpHandler, type GitHttp } from './http.ts'
import type { Push, Receive, RefVerdict } from './push.ts'
import { createRepositories, type OpenRepositories } from './repositories.ts'
import { isGitUrl } from './request.ts'

export const TOKEN = 'friday-token-of-the-tests'

export interface Harness extends AsyncDisposable {
  readonly root: string
  readonly repositories: OpenRepositories
  readonly http: GitHttp
  readonly server: Server
  /** Where the client clones from and pushes to, with the token in it. */
  readonly url: string
  readonly origin: string
  /** Replaced by a test to say what happens to a push. */
  readonly domain: { check: Receive['check']; run: Receive['run'] }
  readonly pushes: Push[]
  readonly asked: string[]
}

/** Compiles the hook program alone, as the package's build does, into `root`. */
async function buildHook(root: string): Promise<string> {
  const source = resolve(import.meta.dirname, '..')
  const packageRoot = resolve(source, '..')
  const settings = {
    extends: join(packageRoot, 'tsconfig.build.json'),
    compilerOptions: { rootDir: source, outDir: root, typeRoots: [join(packageRoot, 'node_modules/@types')], sourceMap: false },
    include: [],
    files: [join(source, 'git/proc-receive.ts')],
  }
  await writeFile(join(root, 'tsconfig.json'), JSON.stringify(settings))
  await writeFile(join(root, 'package.json'), '{"type":"module"}')
  await execOk([join(packageRoot, 'node_modules/.bin/tsc'), '-p', join(root, 'tsconfig.json')], { inheritEnv: true })
  return join(root, 'git/proc-receive.js')
}

export async function startHarness(options: { maxInputSize?: number } = {}): Promise<Harness> {
  const root = await mkdtemp(join(tmpdir(), 'friday-git-'))
  const built = join(root, 'built')
  await mkdir(built)
  const hookEntry = await buildHook(built)
  const repositories = await createRepositories({ folder: join(root, 'repositories'), log: silentLog, hookEntry, ...options })
  await repositories.create('p1')
  const pushes: Push[] = []
  const asked: string[] = []
  const domain: Harness['domain'] = { check: async () => [], run: (push) => moveAll(repositories, push) }
  const receive: Receive = {
    check: (push) => domain.check(push),
    run: (push, say, signal) => {
      pushes.push(push)
      return domain.run(push, say, signal)
    },
  }
  const http = await gitHttpHandler({
    repositories,
    receive,
    runFolder: join(root, 'run'),
    log: silentLog,
    async authorise({ project, token, operation }) {
      asked.push(`${operation} ${project}`)
      if (token.reveal() !== TOKEN) return { ok: false, status: 401, message: 'This token is not valid.' }
      if (project === 'secret') return { ok: false, status: 403, message: 'You may not see this project. \u001b[31mAsk its owner.' }
      return project === 'shop'
        ? { ok: true, actor: 'ada', repository: 'p1' }
        : { ok: false, status: 404, message: `There is no project ${project}.` }
    },
  })
  const server = createServer((request, response) => {
    if (isGitUrl(request.url ?? '')) void http.handle(request, response)
    else response.writeHead(404).end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo // a TCP server has no other kind
  const origin = `http://127.0.0.1:${port}`
  return {
    root,
    repositories,
    http,
    server,
    url: `http://ada:${TOKEN}@127.0.0.1:${port}/shop.git`,
    origin,
    domain,
    pushes,
    asked,
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]()
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
      await rm(root, { recursive: true, force: true })
    },
  }
}

/** What a domain does in the simplest case: moves each ref where the push wants it. */
export async function moveAll(repositories: OpenRepositories, push: Push): Promise<RefVerdict[]> {
  const verdicts: RefVerdict[] = []
  for (const { ref, before, after } of push.commands) {
    if (after === undefined) await repositories.deleteRef(push.repository, ref, before)
    else await repositories.updateRef(push.repository, ref, after, before)
    verdicts.push({ ref, ok: true })
  }
  return verdicts
}

export interface Client {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  git(...args: string[]): Promise<ExecResult>
  /** Like `git`, and fails the test when git does. */
  ok(...args: string[]): Promise<string>
  /** Writes the files and commits them; returns the commit. */
  commit(files: Record<string, string | Uint8Array>, message?: string): Promise<string>
}

/** A working copy with nothing in it, in a folder and with a home of its own. */
export async function newClient(root: string): Promise<Client> {
  const home = await mkdtemp(join(root, 'client-'))
  const folder = join(home, 'work')
  const env = {
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Ada Lovelace',
    GIT_AUTHOR_EMAIL: 'ada@example.com',
    GIT_COMMITTER_NAME: 'Ada Lovelace',
    GIT_COMMITTER_EMAIL: 'ada@example.com',
  }
  await execOk(['git', 'init', '-q', '-b', 'main', folder], { env })
  const git = (...args: string[]) => exec(['git', ...args], { cwd: folder, env, timeoutMs: 90_000 })
  const ok = (...args: string[]) => execOk(['git', ...args], { cwd: folder, env, timeoutMs: 90_000 })
  return {
    folder,
    env,
    git,
    ok,
    async commit(files, message = 'A change') {
      for (const [path, content] of Object.entries(files)) {
        await mkdir(join(folder, path, '..'), { recursive: true })
        await writeFile(join(folder, path), content)
      }
      await ok('add', '-A')
      await ok('commit', '-q', '-m', message)
      return (await ok('rev-parse', 'HEAD')).trim()
    },
  }
}

/** A promise with its ends outside. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}
