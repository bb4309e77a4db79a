// The engine's memory of names: which network has which index (and so addresses and user), which listener which port.
import { join } from 'node:path'
import { readIfThere, writeFileAtomic } from '#lib/files.ts'
import { randomId } from '#lib/ids.ts'
import type { NetworkSpec } from '#engines/engine.ts'
import type { Listener } from './addresses.ts'

export interface NetworkRecord {
  readonly index: number
  outbound: NetworkSpec['outbound']
  readonly listeners: Map<string, Listener>
  nextPort: number
}

export interface Records {
  /** Tells the Fridays of one machine apart in names of links, tables and control groups. */
  readonly instance: string
  /** The part of 100.64.0.0/10 that is ours. */
  block: number | undefined
  nextIndex: number
  /** Maps, because a name may be `constructor`. */
  readonly networks: Map<string, NetworkRecord>
}

export interface Registry {
  readonly records: Records
  /** Writes what was changed; after it returns, it survives a crash. */
  save(): Promise<void>
}

export async function openRegistry(folder: string): Promise<Registry> {
  const path = join(folder, 'registry.json')
  const text = await readIfThere(path)
  const records = text === undefined ? fresh() : decode(text)
  let writing = Promise.resolve()
  const save = () => (writing = writing.catch(() => undefined).then(() => writeFileAtomic(path, encode(records))))
  if (text === undefined) await save()
  return { records, save }
}

function fresh(): Records {
  return { instance: randomId(6), block: undefined, nextIndex: 0, networks: new Map() }
}

function encode(records: Records): string {
  return JSON.stringify(records, (_key, value: unknown) => (value instanceof Map ? { map: [...value] } : value))
}

function decode(text: string): Records {
  const revive = (_key: string, value: unknown) => (isEncodedMap(value) ? new Map(value.map) : value)
  // Written by `encode` and by nobody else.
  return JSON.parse(text, revive) as Records
}

function isEncodedMap(value: unknown): value is { map: [string, unknown][] } {
  return typeof value === 'object' && value !== null && 'map' in value && Array.isArray(value.map)
}
