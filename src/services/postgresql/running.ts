// Tells whether a server still runs on a data folder, whatever its postmaster.pid says: a pid file alone lies in both directions.
import { readdir, stat } from 'node:fs/promises'

/**
 * Processes whose working directory is `folder`: a postmaster and its children never leave it. Looks through namespaces and bind mounts,
 * since it compares the folder itself and not its path. Empty where the system has no /proc. Processes this user may not look at are not seen.
 */
export async function processesIn(folder: string): Promise<readonly number[]> {
  const wanted = await stat(folder)
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      const at = await stat(`/proc/${pid}/cwd`).catch(() => undefined)
      return at?.ino === wanted.ino && at.dev === wanted.dev ? Number(pid) : undefined
    }),
  )
  return found.filter((pid) => pid !== undefined)
}
