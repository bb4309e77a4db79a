// Where a pool keeps what: one folder of volumes and one of snapshots, and the only ids that may become a path.
import { lstat, mkdir, open, readdir, chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { hostPath, type Location } from '#lib/location.ts'
import { fail } from './errors.ts'
import type { Origin } from './volumes.ts'

export type Kind = 'volumes' | 'snapshots'

/** The id itself, or `volumes.bad_id`: an id becomes a path and an argument, so it is checked before either. */
function checkedId(id: string): string {
  if (typeof id === 'string' && /^[a-z0-9-]{1,60}$/.test(id)) return id
  throw fail('bad_id', `${JSON.stringify(String(id).slice(0, 80))} cannot be the id of a volume or a snapshot.`)
}

export class Layout {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  folder(kind: Kind): string {
    return join(this.root, kind)
  }

  path(kind: Kind, id: string): string {
    return join(this.root, kind, checkedId(id))
  }

  locate(kind: Kind, id: string): Location {
    return hostPath(this.path(kind, id))
  }

  async exists(kind: Kind, id: string): Promise<boolean> {
    return await isFolder(this.path(kind, id))
  }

  /** The path of one that exists, or `volumes.no_volume` / `volumes.no_snapshot`. */
  async existing(kind: Kind, id: string): Promise<string> {
    if (await this.exists(kind, id)) return this.path(kind, id)
    throw kind === 'volumes'
      ? fail('no_volume', `There is no volume ${id}.`, { id })
      : fail('no_snapshot', `There is no snapshot ${id}.`, { id })
  }

  /** The path of what a clone is made from; the same errors. */
  origin(origin: Origin): Promise<string> {
    return 'volume' in origin ? this.existing('volumes', origin.volume) : this.existing('snapshots', origin.snapshot)
  }

  /**
   * Other users may pass through to a volume they know and own, but list nothing. Snapshots hold modes as their
   * writers left them, and production's data: only the platform goes in there.
   */
  async make(): Promise<void> {
    await mkdir(this.root, { recursive: true, mode: 0o711 })
    for (const [kind, mode] of [
      ['volumes', 0o711],
      ['snapshots', 0o700],
    ] as const) {
      await mkdir(this.folder(kind), { recursive: true })
      await chmod(this.folder(kind), mode)
    }
  }

  /** Ids of the complete ones; what is being made or removed has a name that is no id. */
  async ids(kind: Kind): Promise<string[]> {
    const names = await readdir(this.folder(kind))
    return names.filter((name) => /^[a-z0-9-]{1,60}$/.test(name)).toSorted()
  }
}

export function nameOf(origin: Origin): string {
  return 'volume' in origin ? `volume ${origin.volume}` : `snapshot ${origin.snapshot}`
}

export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/** Makes the names in a folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
