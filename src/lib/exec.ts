// The one place that starts programs: argv arrays, time limits, whole process trees ended, output bounded, one shape of result.
import { spawn, type ChildProcess } from 'node:child_process'
import { execa, type ResultPromise } from 'execa'
import { FridayError, messageOf } from '#lib/errors.ts'
import { reveal, type Secret } from '#lib/secret.ts'

export interface ExecOptions {
  readonly cwd?: string
  /** The whole environment of the child; nothing is inherited unless `inheritEnv` is set. PATH is always given. */
  readonly env?: Readonly<Record<string, string | Secret>>
  readonly inheritEnv?: boolean
  /** Written to standard input. */
  readonly input?: string | Uint8Array | Secret
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** Bytes of output a program may write before it is ended with an error; default 16 MiB. */
  readonly maxOutput?: number
  /** False leaves `stdout` empty and unbounded: for output that `onOutput` reads as it comes. Default true. */
  readonly keepStdout?: boolean
  readonly uid?: number
  readonly gid?: number
  /** Called with each chunk of stdout and stderr as it comes. */
  readonly onOutput?: (chunk: Buffer, stream: 'stdout' | 'stderr') => void
}

export interface ExecResult {
  readonly argv: readonly string[]
  readonly exitCode: number | undefined
  readonly signal: string | undefined
  readonly timedOut: boolean
  readonly aborted: boolean
  readonly stdout: string
  readonly stderr: string
  readonly ok: boolean
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Runs a program to its end and never throws for its exit status; see `execOk` for that. Throws only when it cannot be started. */
export async function exec(argv: readonly [string, ...string[]], options: ExecOptions = {}): Promise<ExecResult> {
  const child = spawnProgram(argv, options)
  child.stdout?.on('data', (chunk: Buffer) => options.onOutput?.(chunk, 'stdout'))
  child.stderr?.on('data', (chunk: Buffer) => options.onOutput?.(chunk, 'stderr'))
  const result = await child
  if (result.exitCode === undefined && result.signal === undefined && !result.timedOut && !result.isCanceled) {
    throw new FridayError('exec.not_started', `${argv[0]} could not be started: ${result.originalMessage ?? result.shortMessage}`, {
      status: 500,
      advice: `Check that ${argv[0]} is installed and can be run by this user.`,
    })
  }
  return {
    argv,
    exitCode: result.exitCode,
    signal: result.signal,
    timedOut: result.timedOut,
    aborted: result.isCanceled,
    stdout: String(result.stdout ?? ''),
    stderr: String(result.stderr ?? ''),
    ok: !result.failed,
  }
}

/** Like `exec`, but a failure is an error that names the program, its exit status and the end of its stderr. Returns stdout. */
export async function execOk(argv: readonly [string, ...string[]], options: ExecOptions = {}): Promise<string> {
  const result = await exec(argv, options)
  if (!result.ok) throw execError(result)
  return result.stdout
}

export function execError(result: ExecResult): FridayError {
  const how = result.timedOut
    ? 'ran into its time limit'
    : result.aborted
      ? 'was cancelled'
      : result.signal
        ? `was ended by ${result.signal}`
        : `exited with status ${result.exitCode}`
  const said = result.stderr.trim().slice(-2000)
  return new FridayError(
    'exec.failed',
    `${result.argv.slice(0, 3).join(' ')} ${how}${said === '' ? '' : `: ${said}`}`,
    { status: 500, advice: 'Read what the program said; it names the cause.' },
    { exitCode: result.exitCode },
  )
}

/** A long-running or piped child; the caller owns its streams and its end. */
export function spawnProgram(
  argv: readonly [string, ...string[]],
  options: ExecOptions & { stdin?: 'pipe' | 'ignore' } = {},
): ResultPromise<{
  buffer: true
  reject: false
  encoding: 'utf8'
}> {
  const [file, ...args] = argv
  try {
    return execa(file, args, {
      cwd: options.cwd,
      env: { PATH, ...revealAll(options.env ?? {}) },
      extendEnv: options.inheritEnv ?? false,
      ...(options.input !== undefined
        ? { input: typeof options.input === 'object' && 'reveal' in options.input ? options.input.reveal() : options.input }
        : { stdin: options.stdin ?? 'ignore' }),
      timeout: options.timeoutMs,
      cancelSignal: options.signal,
      forceKillAfterDelay: 2000,
      maxBuffer: options.maxOutput ?? 16 * 1024 * 1024,
      buffer: { stdout: options.keepStdout ?? true },
      uid: options.uid,
      gid: options.gid,
      reject: false,
      encoding: 'utf8',
      stripFinalNewline: false,
    } as const) as never
  } catch (error) {
    throw new FridayError('exec.not_started', `${file} could not be started: ${messageOf(error)}`, {
      status: 500,
      advice: `Check that ${file} is installed and can be run by this user.`,
    })
  }
}

export type Child = ChildProcess

export interface BareOptions {
  readonly cwd?: string
  /** The whole environment of the child; nothing is added but PATH when missing. */
  readonly env?: Readonly<Record<string, string | Secret>>
  /** The child's descriptors from 0 on: a pipe to us, nothing, or an open descriptor of ours. */
  readonly stdio: readonly ('pipe' | 'ignore' | number)[]
  /** A session of its own, which our end does not touch. */
  readonly detached?: boolean
}

/**
 * A child whose descriptors the caller arranges and whose streams and end the caller owns: no buffering, no limits, not ended with us.
 * Rejects when it cannot be started.
 */
export async function spawnBare(argv: readonly [string, ...string[]], options: BareOptions): Promise<Child> {
  const [file, ...args] = argv
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { PATH, ...revealAll(options.env ?? {}) },
    stdio: [...options.stdio],
    detached: options.detached ?? false,
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error) =>
      reject(
        new FridayError('exec.not_started', `${file} could not be started: ${error.message}`, {
          status: 500,
          advice: `Check that ${file} is installed and can be run by this user.`,
        }),
      ),
    )
  })
  return child
}

function revealAll(env: Readonly<Record<string, string | Secret>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([key, value]) => [key, reveal(value)]))
}
