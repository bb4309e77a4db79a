// What is remembered of a process besides its configuration, in a file of its folder; no secret in it.
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readIfThere } from '#lib/files.ts'
import type { ProcessSpec } from '#engines/engine.ts'
import type { Exit } from './exits.ts'

export interface UnitRecord {
  readonly id: string
  readonly network: string
  readonly labels: Readonly<Record<string, string>>
  readonly restart: ProcessSpec['restart']
  readonly stopSignal: NonNullable<ProcessSpec['stopSignal']>
  /** `prepared`: not to be started yet. `made`: to be started, or just started. `started`: it was. `stopping`: to be removed whatever happens. */
  phase: 'prepared' | 'made' | 'started' | 'stopping'
  pid?: number
  /** Tells the process from a later one with its id. */
  pidStart?: string
  /** Milliseconds since the epoch. */
  startedAt: number
  restarts: number
  /** Frozen, or about to be. */
  paused?: boolean
  /** A run that was ended because its time was over. */
  timedOut?: boolean
  lastExit?: Exit
}

export async function readRecord(folder: string): Promise<UnitRecord | undefined> {
  const text = await readIfThere(join(folder, 'unit.json'))
  // Written by `writeRecord` and by nobody else.
  return text === undefined ? undefined : (JSON.parse(text) as UnitRecord)
}

/** Replaced in one step; not synced, because after a power cut no process is left to remember. */
export async function writeRecord(folder: string, record: UnitRecord): Promise<void> {
  await writeFile(join(folder, 'unit.json.tmp'), JSON.stringify(record), { mode: 0o600 })
  await rename(join(folder, 'unit.json.tmp'), join(folder, 'unit.json'))
}
