// Makes a folder readable by every user, whatever modes its archive or this process's umask gave it.
import { chmod, lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Folders become 0755; files 0755 when their owner may run them, else 0644. Links are left alone. */
export async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      await openToAll(path)
    } else if (entry.isFile()) {
      const { mode } = await lstat(path)
      const wanted = mode & 0o100 ? 0o755 : 0o644
      if ((mode & 0o7777) !== wanted) await chmod(path, wanted)
    }
  }
}
