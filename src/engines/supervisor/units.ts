// All processes of one engine: started once per id, kept going, found again after a restart of the control plane, let go or ended.
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '#lib/clock.ts'
import { messageOf } from '#lib/errors.ts'
import { isThere } from '#lib/files.ts'
import type { Log } from '#lib/log.ts'
import { checkSpec } from '#engines/checks.ts'
import type { LogOptions, ProcessSpec, ProcessStatus, RunOptions, RunResult } from '#engines/engine.ts'
import { fail } from '#engines/errors.ts'
import type { Carrier } from './carrier.ts'
import { ExitWatch } from './exits.ts'
import { readLog } from './logs.ts'
import { readRecord, writeRecord, type UnitRecord } from './record.ts'
import { runToEnd } from './run.ts'
import { KeyedQueue } from './serial.ts'
import { Unit, type UnitTools } from './unit.ts'

export interface UnitsOptions {
  /** One folder per process below this. */
  readonly folder: string
  /** Where exits are written, one file per process. */
  readonly exits: string
  readonly carrier: Carrier
  readonly log: Log
  readonly clock: Clock
}

export class Units {
  readonly #folder: string
  readonly #carrier: Carrier
  readonly #log: Log
  readonly #clock: Clock
  readonly #exits: ExitWatch
  readonly #tools: UnitTools
  readonly #units = new Map<string, Unit>()
  readonly #listeners = new Set<(status: ProcessStatus) => void>()
  readonly #queue = new KeyedQueue()
  readonly #letGo = new AbortController()

  constructor({ folder, exits, carrier, log, clock }: UnitsOptions) {
    this.#folder = folder
    this.#carrier = carrier
    this.#log = log
    this.#clock = clock
    this.#exits = new ExitWatch(exits)
    const inTurn = <T>(id: string, work: () => Promise<T>) => this.#queue.run(id, work)
    const onExit = (status: ProcessStatus) => this.#listeners.forEach((listener) => listener(status))
    this.#tools = { carrier, exits: this.#exits, log, clock, inTurn, onExit }
  }

  /** Makes the folders and begins to watch for exits. */
  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await this.#exits.begin(
      (id) => this.#look(this.#units.get(id)),
      () => this.#caretake(),
    )
  }

  /** Takes over what a former control plane left: running, ended meanwhile, half made or half removed. */
  async adopt(): Promise<void> {
    const found = await this.#carrier.survey()
    const ids = new Set([...(await readdir(this.#folder)), ...found.keys()])
    await Promise.all(
      [...ids].map((id) =>
        this.#queue.run(id, async () => {
          const folder = join(this.#folder, id)
          const record = await readRecord(folder)
          if (record === undefined) return this.#discard(blankRecord(id), folder)
          const unit = new Unit(record, folder, this.#tools)
          const unwanted = record.phase === 'stopping' || record.phase === 'prepared'
          this.#units.set(id, unit)
          await unit.adopt(found.get(id)).catch((error: unknown) => {
            this.#log.warn({ process: id, error: messageOf(error) }, 'a process of a former control plane could not be taken over')
            if (record.restart === 'always') unit.scheduleRestart()
          })
          if (unwanted) await this.#destroy(unit, 0)
        }),
      ),
    )
  }

  async start(spec: ProcessSpec): Promise<Unit> {
    checkSpec(spec)
    if (this.#letGo.signal.aborted) throw fail('disposed', `${spec.id} was not started: this engine has been let go`)
    return this.#queue.run(spec.id, async () => {
      const known = this.#units.get(spec.id)
      if (known !== undefined && !known.prepared) return known
      if (known?.running === true) return this.#begin(known)
      if (known !== undefined) await this.#destroy(known, 0)
      return this.#appear(spec, 'made', (unit) => unit.launch())
    })
  }

  /** Makes the process without letting its program run; `start` with the same id does that. */
  async prepare(spec: ProcessSpec): Promise<void> {
    checkSpec(spec)
    await this.#queue.run(spec.id, async () => {
      if (!this.#units.has(spec.id)) await this.#appear(spec, 'prepared', (unit) => unit.prepare())
    })
  }

  async run(spec: Omit<ProcessSpec, 'restart'>, options: RunOptions): Promise<RunResult> {
    options.signal?.throwIfAborted()
    const unit = await this.start({ ...spec, restart: 'never' })
    return runToEnd(unit, this.#carrier.logs, options, this.#letGo.signal, this.#clock)
  }

  stop(id: string, graceMs: number): Promise<void> {
    return this.#queue.run(id, async () => {
      const unit = this.#units.get(id)
      if (unit !== undefined) await this.#destroy(unit, graceMs)
    })
  }

  /** Ends and forgets every process, or every one of a network. */
  async stopAll(graceMs: number, network?: string): Promise<void> {
    await Promise.all(this.#of(network).map((unit) => this.stop(unit.record.id, graceMs)))
  }

  async pauseAll(network: string): Promise<void> {
    await Promise.all(this.#of(network).map((unit) => this.#queue.run(unit.record.id, () => unit.pause())))
  }

  async unpauseAll(network: string): Promise<void> {
    await Promise.all(this.#of(network).map((unit) => this.#queue.run(unit.record.id, () => unit.unpause())))
  }

  status(id: string): ProcessStatus | undefined {
    return this.#units.get(id)?.status()
  }

  list(): readonly ProcessStatus[] {
    return [...this.#units.values()].map((unit) => unit.status())
  }

  /** Throws `engine.no_process` or `engine.not_running`. */
  running(id: string): Unit {
    const unit = this.#need(id)
    if (!unit.running || unit.prepared) throw fail('not_running', `${id} is not running, so nothing can be run inside it`)
    return unit
  }

  async *logs(id: string, { from = 0, follow = false, signal }: LogOptions = {}): AsyncGenerator<Buffer> {
    const unit = this.#need(id)
    const stop = AbortSignal.any([this.#letGo.signal, ...(signal === undefined ? [] : [signal])])
    const over = () => this.#units.get(id) !== unit || (unit.record.restart === 'never' && unit.exit !== undefined)
    yield* readLog(this.#carrier.logs, unit.logFolder, { from, signal: stop, ...(follow ? { until: over } : {}) })
  }

  onExit(listener: (status: ProcessStatus) => void): void {
    this.#listeners.add(listener)
  }

  /** Stops caring; every process goes on. */
  letGo(): void {
    this.#letGo.abort(fail('disposed', 'This engine has been let go; its processes go on'))
    this.#exits.end()
    for (const unit of this.#units.values()) unit.letGo()
  }

  async #appear(spec: ProcessSpec, phase: 'made' | 'prepared', make: (unit: Unit) => Promise<void>): Promise<Unit> {
    const folder = join(this.#folder, spec.id)
    const unit = new Unit(recordOf(spec, phase, this.#clock), folder, this.#tools)
    if (await isThere(folder)) await this.#discard(unit.record, folder)
    try {
      await mkdir(join(folder, 'log'), { recursive: true, mode: 0o700 })
      await this.#carrier.prepare(spec, folder, phase === 'prepared')
      await writeRecord(folder, unit.record)
      await make(unit)
    } catch (error) {
      await this.#discard(unit.record, folder)
      throw error
    }
    this.#units.set(spec.id, unit)
    this.#look(unit)
    return unit
  }

  async #begin(unit: Unit): Promise<Unit> {
    try {
      await unit.begin()
    } catch (error) {
      this.#units.delete(unit.record.id)
      await this.#discard(unit.record, unit.folder)
      throw error
    }
    this.#look(unit)
    return unit
  }

  async #destroy(unit: Unit, graceMs: number): Promise<void> {
    await unit.destroy(graceMs)
    this.#units.delete(unit.record.id)
  }

  /** What is left of a process that never came to be. */
  async #discard(record: UnitRecord, folder: string): Promise<void> {
    await this.#carrier.remove(record).catch(() => undefined)
    await this.#exits.forget(record.id, folder)
    await rm(folder, { recursive: true, force: true })
  }

  #look(unit: Unit | undefined): void {
    unit
      ?.look()
      .catch((error: unknown) => this.#log.warn({ process: unit.record.id, error: messageOf(error) }, 'could not look after a process'))
  }

  #caretake(): void {
    for (const unit of this.#units.values()) {
      if (!unit.running) continue
      this.#look(unit)
      this.#carrier.logs.keep(unit.logFolder).catch(() => undefined)
    }
  }

  #need(id: string): Unit {
    const unit = this.#units.get(id)
    if (unit === undefined) throw fail('no_process', `There is no process ${id}`)
    return unit
  }

  #of(network: string | undefined): Unit[] {
    return [...this.#units.values()].filter((unit) => network === undefined || unit.record.network === network)
  }
}

function recordOf(
  { id, network, labels, restart, stopSignal = 'SIGTERM' }: ProcessSpec,
  phase: UnitRecord['phase'],
  clock: Clock,
): UnitRecord {
  return { id, network, labels, restart, stopSignal, phase, startedAt: clock.now(), restarts: 0 }
}

/** For what runs without a record of ours: only its id matters, to remove it. */
function blankRecord(id: string): UnitRecord {
  return { id, network: '', labels: {}, restart: 'never', stopSignal: 'SIGTERM', phase: 'made', startedAt: 0, restarts: 0 }
}
