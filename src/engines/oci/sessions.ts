// Commands inside a running process's view, with or without a terminal.
import { randomBytes } from 'node:crypto'
import { readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exec, spawnBare } from '#lib/exec.ts'
import { waitFor } from '#lib/wait.ts'
import type { ExecSession } from '#engines/engine.ts'
import { merge } from '#engines/streams.ts'
import { signalQuietly } from '#engines/supervisor/proc.ts'
import { readProcess } from './bundle.ts'
import type { Programs } from './host.ts'
import type { Runtime } from './runc.ts'

export interface SessionRequest {
  readonly id: string
  readonly folder: string
  readonly argv: readonly [string, ...string[]]
  readonly tty: boolean
  readonly env: Readonly<Record<string, string>>
}

/**
 * The terminal comes from `script` (util-linux), whose command is a fixed text; what it runs comes in through the environment.
 * The command's own terminal lies inside the container and is resized there.
 */
const TERMINAL_COMMAND =
  'exec "$FRIDAY_RUNC" --root "$FRIDAY_ROOT" exec --tty --process "$FRIDAY_PROCESS" --pid-file "$FRIDAY_PID" "$FRIDAY_ID"'

export async function openSession(request: SessionRequest, runtime: Runtime, programs: Programs, runcRoot: string): Promise<ExecSession> {
  const name = `exec-${randomBytes(6).toString('hex')}`
  const processFile = join(request.folder, `${name}.json`)
  const pidFile = join(request.folder, `${name}.pid`)
  const base = await readProcess(request.folder)
  const env = [...base.env.filter((entry) => !Object.hasOwn(request.env, entry.slice(0, entry.indexOf('=')))), ...pairs(request.env)]
  if (request.tty && !env.some((entry) => entry.startsWith('TERM='))) env.push('TERM=xterm-256color')
  await writeFile(processFile, JSON.stringify({ ...base, terminal: request.tty, args: request.argv, env }), { mode: 0o600 })

  const argv: [string, ...string[]] = request.tty
    ? [programs.script, '--quiet', '--return', '--echo', 'never', '--command', TERMINAL_COMMAND, '/dev/null']
    : runtime.execArgv(request.id, processFile, pidFile, false)
  const fixed = {
    FRIDAY_RUNC: programs.runc,
    FRIDAY_ROOT: runcRoot,
    FRIDAY_PROCESS: processFile,
    FRIDAY_PID: pidFile,
    FRIDAY_ID: request.id,
  }
  const child = await spawnBare(argv, { stdio: ['pipe', 'pipe', 'pipe'], env: request.tty ? { ...fixed, SHELL: '/bin/sh' } : {} })
  const { stdin, stdout, stderr } = child
  if (stdin === null || stdout === null || stderr === null) throw new TypeError('spawned with pipes')
  stdin.on('error', () => undefined)
  const output = merge(stdout, stderr)
  const exit = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 137))).finally(async () => {
    await Promise.all([rm(processFile, { force: true }), rm(pidFile, { force: true })])
  })
  const pid = () =>
    readFile(pidFile, 'utf8').then(
      (text) => Number(text) || undefined,
      () => undefined,
    )

  return {
    exit,
    stdin,
    output,
    resize(columns, rows) {
      if (!request.tty) return
      void waitFor(pid, { timeoutMs: 5000 })
        .then((found) => (found === undefined ? undefined : resizeTerminal(found, columns, rows)))
        .catch(() => undefined)
    },
    kill() {
      void waitFor(async () => (await pid()) ?? (child.exitCode === null ? undefined : 0), { timeoutMs: 2000 }).then((found) => {
        if (!found) child.kill('SIGKILL')
        else signalQuietly(found, 'SIGKILL')
      })
    },
  }
}

/** On its side of the container: /proc/<pid>/root leads into it, and its terminals are device files there. */
async function resizeTerminal(pid: number, columns: number, rows: number): Promise<void> {
  const terminal = await readlink(`/proc/${pid}/fd/0`)
  if (!/^\/dev\/pts\/\d+$/.test(terminal)) return
  await exec(['stty', '-F', `/proc/${pid}/root${terminal}`, 'cols', String(Math.trunc(columns)), 'rows', String(Math.trunc(rows))], {
    timeoutMs: 5000,
  })
}

function pairs(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(([key, value]) => `${key}=${value}`)
}
