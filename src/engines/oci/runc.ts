// runc and conmon as commands: what they are called with, and what they answer.
import { constants } from 'node:fs'
import { mkdir, open, rm, writeFile } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { join } from 'node:path'
import { exec, spawnBare, type Child } from '#lib/exec.ts'
import { waitFor } from '#lib/wait.ts'
import { fail } from '#engines/errors.ts'
import type { Programs } from './host.ts'
import type { Layout } from './layout.ts'

export interface ContainerState {
  readonly id: string
  readonly pid: number
  readonly status: 'creating' | 'created' | 'running' | 'pausing' | 'paused' | 'stopped'
}

export interface Runtime {
  /** Makes the container under a monitor of its own and returns the id of its first process, which waits for `start`. */
  create(id: string, bundle: string, logBytes: number): Promise<number>
  start(id: string): Promise<void>
  pause(id: string): Promise<void>
  resume(id: string): Promise<void>
  /** Ends what still runs and forgets the container and its control group. Idempotent. */
  remove(id: string): Promise<void>
  list(): Promise<readonly ContainerState[]>
  /** The argv that runs `processFile` in a container; its first process's id is written to `pidFile`. */
  execArgv(id: string, processFile: string, pidFile: string, tty: boolean): [string, ...string[]]
}

const PATIENCE_MS = 60_000
const RELEASE_MS = 2000

export function createRuntime(programs: Programs, layout: Layout, monitorGroups: readonly string[]): Runtime {
  const runc = (...args: string[]): [string, ...string[]] => [programs.runc, '--root', layout.runcRoot, ...args]

  async function create(id: string, bundle: string, logBytes: number): Promise<number> {
    await mkdir(layout.runcRoot, { recursive: true, mode: 0o700 })
    // Relative paths, as the monitor splits what it is given at colons.
    const options: Record<string, string> = {
      '--cid': id,
      '--cuuid': id,
      '--runtime': programs.runc,
      '--bundle': bundle,
      '--persist-dir': bundle,
      '--exit-dir': layout.exits,
      '--container-pidfile': 'pid',
      '--log-path': 'k8s-file:log/current',
      '--log-size-max': String(logBytes),
      '--socket-dir-path': layout.run,
    }
    const runtimeArgs = ['--root', layout.runcRoot].flatMap((arg) => ['--runtime-arg', arg])
    const argv: [string, ...string[]] = [programs.conmon, ...Object.entries(options).flat(), ...runtimeArgs, '--no-sync-log']
    const child = await spawnBare(argv, {
      cwd: bundle,
      env: { _OCI_SYNCPIPE: '3', _OCI_STARTPIPE: '4' },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    })
    const said = collect(child, 2)
    const answer = firstLine(child, 3)
    await moveOut(child, monitorGroups)
    const line = await answer
    if (line === undefined) throw fail('start_failed', `${id} could not be started: ${programs.conmon} ended without a word. ${await said}`)
    // The monitor's answer is one JSON object per line; -1 stands for "it failed, and this is why".
    const { pid, message } = JSON.parse(line) as { pid: number; message?: string }
    if (pid <= 0) throw fail('start_failed', `${id} could not be started: ${(message ?? 'no reason given').trim()}`)
    return pid
  }

  async function run(what: string, id: string, ...options: string[]): Promise<void> {
    const result = await exec(runc(what, ...options, id), { timeoutMs: PATIENCE_MS })
    if (!result.ok) throw fail('start_failed', `runc could not ${what} ${id}: ${result.stderr.trim()}`)
  }

  /**
   * A made container waits for a reader of its pipe, and what is left of that pipe says that it has not been started: `runc start`
   * reads it and removes it. So do we, at a fraction of the cost of a program; when anything about it is unusual, runc is asked itself.
   */
  async function start(id: string): Promise<void> {
    const pipe = join(layout.runcRoot, id, 'exec.fifo')
    if (await isReleased(pipe)) await rm(pipe, { force: true })
    else await run('start', id)
  }

  return {
    create,
    start,
    pause: (id) => run('pause', id),
    resume: (id) => run('resume', id),
    remove: (id) => run('delete', id, '--force'),
    list: async () => {
      const result = await exec(runc('list', '--format', 'json'), { timeoutMs: PATIENCE_MS })
      if (!result.ok) throw fail('start_failed', `runc could not list its containers: ${result.stderr.trim()}`)
      // Its documented JSON form: an array of states, or `null` for none.
      return (JSON.parse(result.stdout) as ContainerState[] | null) ?? []
    },
    execArgv: (id, processFile, pidFile, tty) =>
      runc('exec', '--process', processFile, '--pid-file', pidFile, ...(tty ? ['--tty'] : []), id),
  }
}

/** The monitor waits for a byte before it does anything: time to take it out of the control group of whatever service started us. */
async function moveOut(child: Child, groups: readonly string[]): Promise<void> {
  for (const group of groups) {
    await mkdir(group, { recursive: true })
    await writeFile(join(group, 'cgroup.procs'), String(child.pid))
  }
  // Descriptor 4 was asked for as a pipe that we write.
  const gate = child.stdio[4] as Writable
  gate.on('error', () => undefined)
  gate.end('1')
}

async function firstLine(child: Child, descriptor: number): Promise<string | undefined> {
  const stream = child.stdio[descriptor]
  if (stream === null || stream === undefined || !('read' in stream)) return undefined
  let text = ''
  for await (const chunk of stream) {
    text += String(chunk)
    if (text.includes('\n')) break
  }
  return text.split('\n')[0] || undefined
}

async function collect(child: Child, descriptor: number): Promise<string> {
  const stream = child.stdio[descriptor]
  if (stream === null || stream === undefined || !('read' in stream)) return ''
  let text = ''
  for await (const chunk of stream) text = (text + String(chunk)).slice(-4000)
  return text.trim()
}

/** Reads the byte that the first process of a container writes when it goes on. False when there is no such pipe, or nobody writes. */
async function isReleased(pipe: string): Promise<boolean> {
  // Not waiting in open(): nobody may ever write.
  const handle = await open(pipe, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW).catch(() => undefined)
  if (handle === undefined) return false
  try {
    const byte = Buffer.alloc(1)
    const read = () =>
      handle.read(byte, 0, 1).then(
        ({ bytesRead }) => bytesRead === 1 || undefined,
        // A writer has opened it and not written yet.
        () => undefined,
      )
    return (await waitFor(read, { timeoutMs: RELEASE_MS, everyMs: 1 })) === true
  } finally {
    await handle.close()
  }
}
