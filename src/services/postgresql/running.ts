// Tells whether a server still runs on a data folder, whatever its postmaster.pid says: a pid file alone lies in both directions.
import { statSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'

/**
 * Processes whose working directory is `folder`: a postmaster and its children never leave it. Looks through namespaces and bind mounts,
 * since it compares the folder itself and not its path. Empty where the system has no /proc. Processes this user may not look at are not seen.
 * Looks without waiting: hundreds of looks into /proc take a millisecond or two like this, and ten times that through the thread pool.
 */
export async function processesIn(folder: string): Promise<readonly number[]> {
  const wanted = await stat(folder)
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => {
    const at = cwdOf(pid)
    return at?.ino === wanted.ino && at.dev === wanted.dev
  })
}

function cwdOf(pid: number) {
  try {
    return statSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}
