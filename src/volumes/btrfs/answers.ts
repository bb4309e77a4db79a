// Reading what the programs answered.
import type { VolumeUsage } from '#volumes/volumes.ts'

export interface MountedAt {
  readonly source: string
  readonly fstype: string
}

/** The topmost mount of `findmnt --json`; undefined when nothing is mounted. */
export function mountOf(json: string): MountedAt | undefined {
  if (json.trim() === '') return undefined
  const { filesystems } = JSON.parse(json) as { filesystems?: MountedAt[] }
  return filesystems?.at(-1)
}

/** Devices of `losetup --json`; none when it printed nothing. */
export function devicesOf(json: string): string[] {
  if (json.trim() === '') return []
  const { loopdevices } = JSON.parse(json) as { loopdevices?: { name: string }[] }
  return (loopdevices ?? []).map(({ name }) => name)
}

/** The one line of figures of `btrfs filesystem du -s --raw`: total, exclusive, shared. */
export function usageOf(text: string): VolumeUsage {
  const figures = /^ *\d+ +(\d+) +(\d+) /m.exec(text)
  if (figures === null) throw new Error(`btrfs filesystem du answered without figures: ${text.slice(0, 200)}`)
  return { ownBytes: Number(figures[1]), sharedBytes: Number(figures[2]) }
}
