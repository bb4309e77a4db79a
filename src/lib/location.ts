// Where bytes lie, as the driver that keeps them knows it. Domains carry a Location about; only engines look inside.
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'

export interface Location {
  readonly kind: 'host-path'
  /** Absolute path on the machine that runs the engine. */
  readonly path: string
}

export function hostPath(path: string): Location {
  return { kind: 'host-path', path }
}

/** A folder below a location. Segments are names we made, never a user's. */
export function within(location: Location, ...segments: readonly string[]): Location {
  return { ...location, path: join(location.path, ...segments) }
}

/** Makes the folder (and those above it) if it is missing. */
export async function ensureFolder(location: Location, mode = 0o755): Promise<void> {
  const made = await mkdir(location.path, { recursive: true, mode })
  if (made !== undefined) await chmod(location.path, mode)
}
