// One process under the engine's care: started, watched, started again, ended. Its folder is the truth; this object is a view of it.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '#lib/clock.ts'
import { messageOf } from '#lib/errors.ts'
import type { Log } from '#lib/log.ts'
import { waitFor } from '#lib/wait.ts'
import { nextBackoff } from './backoff.ts'
import type { ProcessStatus } from '#engines/engine.ts'
import type { Carrier, Found } from './carrier.ts'
import { UNKNOWN_EXIT, type Exit, type ExitWatch } from './exits.ts'
import { writeRecord, type UnitRecord } from './record.ts'

export interface UnitTools {
  readonly carrier: Carrier
  readonly exits: ExitWatch
  readonly log: Log
  readonly clock: Clock
  readonly onExit: (status: ProcessStatus) => void
  /** Work on one unit never interleaves. */
  readonly inTurn: <T>(id: string, work: () => Promise<T>) => Promise<T>
}

/** One full log file; a long-lived process keeps two of them. */
const SERVICE_LOG_BYTES = 12 * 1024 * 1024
/** The output of a run must be whole when it is read again: about 50 MB of lines of usual length. */
const RUN_LOG_BYTES = 96 * 1024 * 1024
const KILL_PATIENCE_MS = 10_000

export class Unit {
  readonly record: UnitRecord
  readonly folder: string
  readonly #tools: UnitTools
  /** Set between an exit and the next start. */
  #exit: Exit | undefined
  #restartTimer: NodeJS.Timeout | undefined
  #inARow = 0
  /** A container was started, or found, for this record. */
  #launched = false
  #tending: { close(): void } | undefined
  #saving: Promise<void> = Promise.resolve()
  readonly #listeners = new Set<() => void>()

  constructor(record: UnitRecord, folder: string, tools: UnitTools) {
    this.record = record
    this.folder = folder
    this.#tools = tools
  }

  get logFolder(): string {
    return join(this.folder, 'log')
  }

  get exit(): Exit | undefined {
    return this.#exit
  }

  /** It was made and has not ended; of what is prepared the program does not run yet. */
  get running(): boolean {
    return this.#launched && this.#exit === undefined
  }

  get prepared(): boolean {
    return this.record.phase === 'prepared'
  }

  status(): ProcessStatus {
    const { id, network, labels, restart, restarts, startedAt } = this.record
    const last = this.#exit ?? this.record.lastExit
    return {
      id,
      network,
      labels,
      state: this.prepared ? 'prepared' : this.#exit === undefined ? 'running' : restart === 'always' ? 'restarting' : 'exited',
      ...(last === undefined ? {} : { exitCode: last.exitCode, outOfMemory: last.outOfMemory }),
      restarts,
      startedAt: new Date(startedAt),
    }
  }

  /** Starts the process from its folder. On failure nothing runs; the folder stays. */
  async launch(again: 0 | 1 = 0): Promise<void> {
    await this.#orRemoved(async () => {
      await this.#make()
      await this.#begin()
      this.record.restarts += again
      await Promise.all([this.save(), this.#tendLog()])
    })
  }

  /** Makes the process and leaves it waiting; its record says `prepared` already. */
  async prepare(): Promise<void> {
    await this.#orRemoved(async () => {
      await this.#make()
      await this.save()
    })
  }

  /** Starts what was prepared. The record says so before, so that a control plane that finds it waiting lets it go on. */
  async begin(): Promise<void> {
    this.record.phase = 'made'
    await this.save()
    await this.#orRemoved(async () => {
      await this.#begin()
      await Promise.all([this.save(), this.#tendLog()])
    })
  }

  async #make(): Promise<void> {
    const { record, folder } = this
    const { carrier } = this.#tools
    record.pid = await carrier.make(record.id, folder, record.restart === 'always' ? SERVICE_LOG_BYTES : RUN_LOG_BYTES)
    record.pidStart = await carrier.startOf(record.pid)
    this.#exit = undefined
    record.paused = false
    this.#launched = true
  }

  async #begin(): Promise<void> {
    const { record } = this
    await this.#tools.carrier.begin(record.id, this.folder)
    record.startedAt = this.#tools.clock.now()
    record.phase = 'started'
  }

  async #orRemoved(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      await this.#tools.carrier.remove(this.record).catch(() => undefined)
      throw error
    }
  }

  /** After a new control plane has read the record: says which of the possible worlds this is, and puts it right. */
  async adopt(surveyed: Found | undefined): Promise<void> {
    const { record } = this
    const { carrier, exits } = this.#tools
    const unsure = record.phase === 'made' || record.phase === 'prepared'
    const found = unsure ? await carrier.settle(record, this.folder) : surveyed
    if (record.phase === 'prepared') record.phase = 'stopping'
    const ended = await exits.read(record.id, this.folder)
    const running = found !== undefined && found.state !== 'gone'
    if (ended === undefined && found?.state === 'waiting' && record.phase !== 'stopping') await carrier.begin(record.id, this.folder)
    if (ended === undefined && record.phase === 'made' && !running) {
      await carrier.remove(record)
      await this.launch()
      return
    }
    if (running) {
      record.pid = found.pid
      record.pidStart = await carrier.startOf(found.pid)
    }
    record.paused = found?.state === 'paused'
    if (record.phase !== 'stopping') record.phase = 'started'
    this.#launched = true
    await this.#tendLog()
    await this.look()
  }

  /** The record as it is now, on disk. */
  save(): Promise<void> {
    this.#saving = this.#saving.catch(() => undefined).then(() => writeRecord(this.folder, this.record))
    return this.#saving
  }

  /** Notices an end, if there was one. */
  async look(): Promise<void> {
    if (!this.running) return
    const { record } = this
    const exit = (await this.#tools.exits.read(record.id, this.folder)) ?? ((await this.#isAlive()) ? undefined : await this.#lateExit())
    if (exit === undefined || !this.running) return
    this.#exit = exit
    record.lastExit = exit
    this.#tending?.close()
    for (const wake of this.#listeners) wake()
    if (record.phase === 'stopping' || this.prepared) return
    this.#tools.onExit(this.status())
    if (record.restart === 'always') this.scheduleRestart()
    // A full disk must not keep it from being started again; the exit itself is in the monitor's file.
    await this.save().catch((error: unknown) =>
      this.#tools.log.warn({ process: record.id, error: messageOf(error) }, 'an exit could not be recorded'),
    )
  }

  /** Resolves when the present run has ended. */
  async ended(signal?: AbortSignal): Promise<Exit> {
    for (;;) {
      if (this.#exit !== undefined) return this.#exit
      signal?.throwIfAborted()
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#listeners.delete(wake)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        this.#listeners.add(wake)
        signal?.addEventListener('abort', wake)
      })
    }
  }

  /** The stop signal, a grace, SIGKILL to everything it started. Afterwards nothing runs; the record stays. */
  async end(graceMs: number): Promise<void> {
    clearTimeout(this.#restartTimer)
    if (!this.running) return
    await this.unpause()
    if (graceMs > 0) {
      await this.#signal('terminate')
      if (await this.#goneWithin(graceMs)) return
    }
    await this.#signal('kill')
    if (!(await this.#goneWithin(KILL_PATIENCE_MS))) {
      this.#tools.log.warn({ process: this.record.id }, 'a killed process has not ended; removing it by force')
    }
  }

  /** Ends and forgets it. If we die half way, `phase: stopping` makes the next control plane finish. */
  async destroy(graceMs: number): Promise<void> {
    const { record } = this
    // No program waits to be asked.
    const grace = this.prepared ? 0 : graceMs
    record.phase = 'stopping'
    await this.save()
    await this.end(grace)
    this.#exit ??= UNKNOWN_EXIT
    this.#tending?.close()
    for (const wake of this.#listeners) wake()
    await this.#tools.carrier.remove(record)
    await this.#tools.exits.forget(record.id, this.folder)
    await this.#saving.catch(() => undefined)
    await rm(this.folder, { recursive: true, force: true })
  }

  async pause(): Promise<void> {
    if (!this.running || this.record.paused === true) return
    this.record.paused = true
    await this.save()
    await this.#tools.carrier.pause(this.record)
  }

  async unpause(): Promise<void> {
    if (this.record.paused !== true) return
    if (this.running) await this.#tools.carrier.resume(this.record)
    this.record.paused = false
    await this.save()
  }

  /** Stops caring, without touching the process. */
  letGo(): void {
    this.#tending?.close()
    clearTimeout(this.#restartTimer)
  }

  /** After an exit, or when it could not even be started. */
  scheduleRestart(): void {
    this.#exit ??= UNKNOWN_EXIT
    const { inARow, delayMs } = nextBackoff(this.#inARow, this.#tools.clock.now() - this.record.startedAt)
    this.#inARow = inARow
    this.#restartTimer = setTimeout(() => void this.#restart(), delayMs)
    this.#restartTimer.unref()
  }

  async #tendLog(): Promise<void> {
    const { logs } = this.#tools.carrier
    this.#tending?.close()
    this.#tending = logs.tend?.(this.logFolder)
    await logs.keep(this.logFolder)
  }

  async #restart(): Promise<void> {
    const { carrier, exits, log, inTurn } = this.#tools
    const { record } = this
    await inTurn(record.id, async () => {
      if (record.phase === 'stopping' || this.#exit === undefined) return
      try {
        // Whoever takes over from here must not take the former process's end for that of the next.
        record.phase = 'made'
        await this.save()
        await carrier.remove(record)
        await exits.forget(record.id, this.folder)
        await this.launch(1)
        await this.look()
      } catch (error) {
        log.warn({ process: record.id, error: messageOf(error) }, 'a process could not be started again; trying on')
        this.scheduleRestart()
      }
    })
  }

  async #signal(how: 'terminate' | 'kill'): Promise<void> {
    const { pid } = this.record
    if (pid !== undefined && (await this.#isAlive())) await this.#tools.carrier[how](this.record, pid)
  }

  async #isAlive(): Promise<boolean> {
    const { pid, pidStart } = this.record
    return pid !== undefined && pidStart !== undefined && (await this.#tools.carrier.startOf(pid)) === pidStart
  }

  async #goneWithin(timeoutMs: number): Promise<boolean> {
    const signal = AbortSignal.timeout(timeoutMs)
    const look = setInterval(() => void this.look(), 50)
    try {
      await this.ended(signal)
      return true
    } catch {
      return false
    } finally {
      clearInterval(look)
    }
  }

  /** The process is gone: its monitor writes the exit in a moment, unless it was killed as well. */
  async #lateExit(): Promise<Exit> {
    const { record, folder } = this
    return (await waitFor(() => this.#tools.exits.read(record.id, folder), { timeoutMs: 1000, everyMs: 5 })) ?? UNKNOWN_EXIT
  }
}
