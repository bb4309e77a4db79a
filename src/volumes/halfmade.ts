// Names for what is not complete yet (or no longer): they carry their maker's pid, so that a crash's leftovers are told from work under way.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { randomId } from '#lib/ids.ts'

/** Never an id (it begins with a dot), so no list and no lookup ever takes it for a volume. */
export function halfMadeName(pid = process.pid): string {
  return `.half-${pid}-${randomId()}`
}

/** Paths in `folder` whose maker is gone. Own ones count as gone: a process asks this before it makes anything. */
export async function leftovers(folder: string, isAlive = aliveElsewhere): Promise<string[]> {
  const names = await readdir(folder)
  return names
    .filter((name) => {
      const pid = /^\.half-(\d+)-/.exec(name)?.[1]
      return pid !== undefined && !isAlive(Number(pid))
    })
    .map((name) => join(folder, name))
}

function aliveElsewhere(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
