// Files: writing so that a crash leaves the old or the new, and paths that stay under their root.
import { randomBytes } from 'node:crypto'
import { access, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'

/** Writes a whole file atomically (temporary file beside it, fsync, rename). */
export async function writeFileAtomic(path: string, content: string | Buffer, mode = 0o600): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`)
  const handle = await open(temporary, 'wx', mode)
  try {
    await handle.writeFile(content)
    await handle.sync()
    await handle.close()
    await rename(temporary, path)
  } catch (error) {
    await handle.close().catch(() => undefined)
    await rm(temporary, { force: true })
    throw error
  }
}

/** The file's text, or undefined when there is no such file. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Whether there is anything under this path that links lead to. */
export async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** `path` resolved under `root`, or undefined when it would leave it (`..`, absolute, NUL). Does not follow links. */
export function resolveUnder(root: string, path: string): string | undefined {
  if (path.includes('\0') || isAbsolute(path)) return undefined
  const resolved = resolve(root, path)
  const inside = relative(root, resolved)
  return inside === '..' || inside.startsWith('../') || isAbsolute(inside) ? undefined : resolved
}
