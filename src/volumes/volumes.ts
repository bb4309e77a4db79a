// The port every volume driver implements: where bytes live. `volumes/conformance.suite.ts` is its contract as tests.
import type { Location } from '#lib/location.ts'

export interface VolumeUsage {
  /** Bytes only this volume holds. */
  readonly ownBytes: number
  /** Bytes it shares with snapshots or other volumes. */
  readonly sharedBytes: number
}

/** What a clone is made from: a snapshot, or a volume as it is now. */
export type Origin = { readonly snapshot: string } | { readonly volume: string }

/** Ids are `[a-z0-9-]{1,60}`; volumes and snapshots have one name space each. Every method may be called twice. */
export interface Volumes extends AsyncDisposable {
  readonly name: 'btrfs' | 'reflink' | 'copy'
  /** What a person should know, one sentence each ("every clone is a full copy"); shown by `friday status`. */
  readonly limits: readonly string[]
  /** True when a snapshot or clone of a volume that is being written to is a point in time; otherwise its writers are paused meanwhile. */
  readonly atomic: boolean

  /** Makes the pool ready (loop file made, mounted, grown) or takes over the one that is there. Call once, before anything else. */
  open(): Promise<void>
  /** An empty volume; an existing one is left as it is. */
  create(volume: string): Promise<Location>
  locate(volume: string): Location
  exists(volume: string): Promise<boolean>
  /** An immutable copy of the volume as it is now. Idempotent: an existing complete snapshot of that id is kept. */
  snapshot(volume: string, snapshot: string): Promise<void>
  /** Where a snapshot can be read. */
  locateSnapshot(snapshot: string): Location
  /** A writable volume with the content of its origin. Idempotent; a half-made clone is made again. */
  clone(origin: Origin, volume: string): Promise<Location>
  destroy(volume: string): Promise<void>
  destroySnapshot(snapshot: string): Promise<void>
  usage(volume: string): Promise<VolumeUsage>
  list(): Promise<{ volumes: readonly string[]; snapshots: readonly string[] }>
  /** Free bytes new data can use, and how many the pool could still grow by. */
  capacity(): Promise<{ freeBytes: number; growableBytes: number }>
  /** Lets go of the pool completely: nothing of it stays mounted, its data stays; `open` takes it again. Nothing may run in it. */
  detach(): Promise<void>
  /** Removes the pool and everything in it. `[Symbol.asyncDispose]` only lets go of it (unmounts nothing that is in use). */
  remove(): Promise<void>
}
