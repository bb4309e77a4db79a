// The port every engine implements: where a process runs, and nothing else. `engines/conformance.suite.ts` is its contract as tests.
import type { Location } from '#lib/location.ts'
import type { Secret } from '#lib/secret.ts'

export interface NetworkSpec {
  /** The environment's id: one network, one operating-system user per environment. `[a-z0-9-]{1,40}` */
  readonly id: string
  /** Outbound traffic: through NAT, or none at all. Names inside the network work in both. */
  readonly outbound: 'open' | 'sealed'
}

export interface Endpoint {
  /** Address and port at which a listener is reached, by the control plane and the router, and from inside the network. */
  readonly host: string
  readonly port: number
}

export interface Mount {
  readonly source: Location
  /** Absolute path inside, as the process sees it on engines that have a root of their own. */
  readonly target: string
  readonly readonly: boolean
}

/** Translates an inside path (`/app/server.js`) to what the process sees on this engine; identity for `oci`. */
export type PathView = (inside: string) => string

export interface Limits {
  readonly memoryBytes: number
  /** Share of processors, 1 = one whole core. */
  readonly cpus: number
  readonly pids: number
  /** Size of the private /tmp, bytes; kept in memory. */
  readonly tmpBytes: number
}

export interface ProcessSpec {
  /** Unique for ever within this Friday: `[a-z0-9-]{1,60}`. Starting the same id twice is one process. */
  readonly id: string
  /** The network it joins and whose operating-system user it runs as. */
  readonly network: string
  readonly argv: readonly [string, ...string[]]
  readonly cwd: string
  /** Everything the process gets: engines add nothing but PATH (when missing), HOME, and the host's trust store. */
  readonly env: Readonly<Record<string, string | Secret>>
  readonly mounts: readonly Mount[]
  /** Lines of /etc/hosts: name to IP address. */
  readonly hosts: Readonly<Record<string, string>>
  readonly limits: Limits
  /** `always`: started again after any exit, with a back-off of 1 s doubling to 60 s. */
  readonly restart: 'always' | 'never'
  /** The signal `stop` sends first; default SIGTERM. */
  readonly stopSignal?: 'SIGTERM' | 'SIGINT'
  /** Free labels, given back by `list`. */
  readonly labels: Readonly<Record<string, string>>
}

export interface ProcessStatus {
  readonly id: string
  readonly network: string
  readonly labels: Readonly<Record<string, string>>
  readonly state: 'prepared' | 'running' | 'exited' | 'restarting'
  /** Set once it has exited at least once: 0 to 255, 128 + N for signal N. */
  readonly exitCode?: number
  readonly outOfMemory?: boolean
  readonly restarts: number
  readonly startedAt: Date
}

export interface RunResult {
  readonly exitCode: number
  readonly outOfMemory: boolean
  readonly timedOut: boolean
}

export interface RunOptions {
  /** Each piece of output in order, stdout and stderr together. On re-attachment it starts again from the first byte. */
  readonly onOutput: (chunk: Buffer) => void
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

export interface ExecSession {
  /** Resolves with the exit code. */
  readonly exit: Promise<number>
  readonly stdin: NodeJS.WritableStream
  /** With a terminal, stdout and stderr are one stream. */
  readonly output: NodeJS.ReadableStream
  resize(columns: number, rows: number): void
  kill(): void
}

export interface LogOptions {
  /** Byte position in the process's log to start from; default 0. */
  readonly from?: number
  /** Goes on as the process writes, until the signal aborts. */
  readonly follow?: boolean
  readonly signal?: AbortSignal
}

export interface Engine extends AsyncDisposable {
  readonly name: 'oci' | 'process'
  /** What this engine does not isolate, one sentence each; shown by `friday status`. Empty = everything in DESIGN §8 holds. */
  readonly limits: readonly string[]
  /** True when `ProcessSpec.hosts` takes effect; otherwise callers give processes addresses instead of names. */
  readonly resolvesNames: boolean

  /** Takes over everything that a former control plane left running and resumes supervising it. Call once, before anything else. */
  adopt(): Promise<void>
  /** Idempotent. Changing `outbound` of an existing network takes effect at once. */
  ensureNetwork(spec: NetworkSpec): Promise<void>
  /** Idempotent; stops whatever still runs in it. */
  removeNetwork(id: string): Promise<void>
  networks(): Promise<readonly string[]>
  /**
   * The address for a listener called `name` in this network; the same one each time until released.
   * With `port` the engine gives that standard port where it can (oci) and a free one where it cannot (process).
   */
  allocate(network: string, name: string, port?: number): Promise<Endpoint>
  release(network: string, name: string): Promise<void>

  /** Makes every file under `location` belong to the network's user. */
  own(network: string, location: Location): Promise<void>
  /** How the process `id` will see inside paths, given its mounts. */
  paths(id: string, mounts: readonly Mount[]): PathView

  /**
   * Makes everything that `start` with the same spec would make, short of letting the program run. Worth a call when the start has to
   * wait for something else; `start` needs none. A mount's source may still be missing, and is mounted by `start`. An engine may do
   * nothing, and a new control plane lets go of what was only prepared.
   */
  prepare(spec: ProcessSpec): Promise<void>
  /** Idempotent by id: resolves once the process has been started (not: is healthy). A program that cannot be executed is an error. */
  start(spec: ProcessSpec): Promise<void>
  /** The spec's stop signal, up to `graceMs`, SIGKILL to all that is left; forgets the process and its log. Idempotent; unknown ids are fine. */
  stop(id: string, graceMs?: number): Promise<void>
  status(id: string): Promise<ProcessStatus | undefined>
  list(): Promise<readonly ProcessStatus[]>
  /** Freezes and thaws every process of a network (service volumes without atomic snapshots are copied meanwhile). */
  pause(network: string): Promise<void>
  unpause(network: string): Promise<void>

  /**
   * Runs a process to its end. Idempotent by id: when a former control plane started this id, waits for that very process
   * and returns its result, even if it ended meanwhile. The result is kept until `stop(id)`.
   */
  run(spec: Omit<ProcessSpec, 'restart'>, options: RunOptions): Promise<RunResult>
  /** A command inside a running process's view: same mounts, network, user and environment (plus `env`). */
  exec(
    id: string,
    argv: readonly [string, ...string[]],
    options: { tty: boolean; env?: Readonly<Record<string, string>> },
  ): Promise<ExecSession>
  /** What the process wrote; rotated (the newest 10 MB are kept). */
  logs(id: string, options?: LogOptions): AsyncIterable<Buffer>
  /** Tells of every exit of a supervised process, also of those that are started again. */
  onExit(listener: (status: ProcessStatus) => void): void

  /** Ends every process and removes every network, mount, cgroup and rule this engine made. */
  shutdown(): Promise<void>
}
