// What the supervisor needs of an engine to care for processes, whatever they run in.
import type { ProcessSpec } from '#engines/engine.ts'
import type { LogFormat } from './logs.ts'
import type { UnitRecord } from './record.ts'

export interface Found {
  readonly pid: number
  /** `waiting`: made, but its program was never started. */
  readonly state: 'waiting' | 'running' | 'paused' | 'gone'
}

export interface Carrier {
  readonly logs: LogFormat
  /**
   * Fills the empty folder with all that `make` needs, secrets included; throws a clear error for what cannot work. `ahead`: it begins
   * later, and the source of a mount may be missing until then.
   */
  prepare(spec: ProcessSpec, folder: string, ahead: boolean): Promise<void>
  /** Makes the process from its folder; returns the id of its first process, whose program may wait for `begin`. */
  make(id: string, folder: string, logBytes: number): Promise<number>
  begin(id: string, folder: string): Promise<void>
  /** Ends what is left and forgets it, its exit excepted. Idempotent. */
  remove(record: UnitRecord): Promise<void>
  pause(record: UnitRecord): Promise<void>
  resume(record: UnitRecord): Promise<void>
  /** Asks the program to end. */
  terminate(record: UnitRecord, pid: number): Promise<void>
  /** Ends it and everything it started. */
  kill(record: UnitRecord, pid: number): Promise<void>
  /** What tells this process from a later one with the same id; undefined when it is gone. */
  startOf(pid: number): Promise<string | undefined>
  /** What has become of a process that a former control plane was about to make, once that is certain; it may have died amid it. */
  settle(record: UnitRecord, folder: string): Promise<Found | undefined>
  /** What runs, or waits, by id. */
  survey(): Promise<ReadonlyMap<string, Found>>
}
