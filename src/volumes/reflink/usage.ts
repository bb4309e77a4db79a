// What a tree owns alone and what it shares, read from the extents of its files.
import { execError, exec } from '#lib/exec.ts'
import { allocatedBytes } from '#volumes/space.ts'
import type { VolumeUsage } from '#volumes/volumes.ts'

/** A file with several names counts once for each; off Linux all of it counts as own, an upper bound. */
export async function sharedUsage(path: string): Promise<VolumeUsage> {
  if (process.platform !== 'linux') return { ownBytes: await allocatedBytes(path), sharedBytes: 0 }
  const extents = new ExtentSum()
  const result = await exec(['find', path, '-xdev', '-type', 'f', '-exec', 'filefrag', '-s', '-v', '-b1024', '{}', '+'], {
    keepStdout: false,
    onOutput: (chunk, stream) => (stream === 'stdout' ? extents.add(chunk.toString('latin1')) : undefined),
  })
  if (!result.ok) throw execError(result)
  return extents.total()
}

/** Adds up `filefrag -v -b1024` as it comes: one line an extent, with its length and flags. */
export class ExtentSum {
  #rest = ''
  #own = 0
  #shared = 0

  add(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#line(line)
  }

  total(): VolumeUsage {
    return { ownBytes: this.#own, sharedBytes: this.#shared }
  }

  #line(line: string): void {
    const found = /^ *\d+: +\d+\.\. *\d+: +\d+\.\. *\d+: +(\d+): *(?:\d+:)?(.*)$/.exec(line)
    if (found === null) return
    const bytes = Number(found[1]) * 1024
    if (/\bshared\b/.test(found[2] ?? '')) this.#shared += bytes
    else this.#own += bytes
  }
}
