// Running git on one bare repository: a fixed environment, argv arrays, output as bytes.
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { spawnBare } from '#lib/exec.ts'
import { fail } from './errors.ts'
import type { GitHome } from './home.ts'
import { isRepositoryId } from './names.ts'

/** A running git; whoever started it reads both outputs to their ends. */
export interface GitProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** The exit status, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>
  kill(): void
}

export interface RunOptions {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface Git {
  readonly home: GitHome
  pathOf(id: string): string
  /** Runs to the end; returns stdout. Fails with what git said when its status is not 0. */
  bytes(id: string, args: readonly string[], options?: RunOptions): Promise<Buffer>
  text(id: string, args: readonly string[], options?: RunOptions): Promise<string>
  /** Starts git with three pipes; the caller owns them. */
  stream(id: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<GitProcess>
}

export function createGit(home: GitHome): Git {
  const pathOf = (id: string): string => {
    if (!isRepositoryId(id)) throw fail('bad_id', `${JSON.stringify(id)} is not the id of a repository`)
    return join(home.folder, `${id}.git`)
  }
  const stream: Git['stream'] = async (id, args, env = {}) => {
    const argv = ['git', `--git-dir=${pathOf(id)}`, ...args] as const
    const child = await spawnBare([...argv], { cwd: home.folder, env: { ...home.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
    const ended = new Promise<number | string>((resolve) =>
      child.once('exit', (status, signal) => resolve(status ?? signal ?? 'an unknown end')),
    )
    const { stdin, stdout, stderr } = child
    if (stdin === null || stdout === null || stderr === null) throw new TypeError('git was started without its three pipes')
    stdin.on('error', ignoreClosedPipe)
    return { stdin, stdout, stderr, ended, kill: () => void child.kill() }
  }
  const bytes: Git['bytes'] = async (id, args, options = {}) => {
    options.signal?.throwIfAborted()
    const child = await stream(id, args, options.env)
    options.signal?.addEventListener('abort', child.kill)
    try {
      child.stdin.end(options.input ?? '')
      const [stdout, stderr, status] = await Promise.all([buffer(child.stdout), text(child.stderr), child.ended])
      options.signal?.throwIfAborted()
      if (status === 0) return stdout
      throw fail('failed', `git ${args[0] ?? ''} in ${id} ended with ${status}: ${stderr.trim().slice(-1000)}`, { repository: id })
    } finally {
      options.signal?.removeEventListener('abort', child.kill)
    }
  }
  return { home, pathOf, stream, bytes, text: async (id, args, options) => (await bytes(id, args, options)).toString('utf8') }
}

/** A program that ends before it has read all its input says why by itself. */
function ignoreClosedPipe(): void {}
