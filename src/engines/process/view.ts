// Mounts without mounting: inside paths lead to their sources, and an artifact with folders laid over it becomes a tree of links.
import { mkdir, readdir, rm, symlink } from 'node:fs/promises'
import { join, posix } from 'node:path'
import type { Mount, PathView } from '#engines/engine.ts'
import { fail } from '#engines/errors.ts'

/** Where an inside path leads on the host; a path that no mount holds stays as it is. `folder` holds the tree of links. */
export function viewOf(folder: string, mounts: readonly Mount[]): PathView {
  return (inside) => {
    const mount = holder(mounts, inside)
    if (mount === undefined) return inside
    const outermost = outermostOf(mounts, mount)
    // Only what has folders laid over it needs the tree; short paths matter to sockets.
    const base = laidOver(mounts, outermost).length > 0 ? join(folder, outermost.target) : outermost.source.path
    return join(base, posix.relative(outermost.target, inside))
  }
}

/** Makes the tree of links anew. Throws for what links cannot express. */
export async function buildView(id: string, folder: string, mounts: readonly Mount[]): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  for (const mount of mounts) {
    if (outermostOf(mounts, mount) !== mount) continue
    if (laidOver(mounts, mount).length > 0) await build(id, folder, mounts, mount, mount.target)
  }
}

async function build(id: string, folder: string, mounts: readonly Mount[], mount: Mount, at: string): Promise<void> {
  if (!mount.readonly) {
    throw fail('mount_failed', `${id}: the process engine cannot mount a folder inside ${mount.target}, which may be written to`, {
      advice: 'Mount the inner folder outside of it, or use the oci engine.',
    })
  }
  await mkdir(join(folder, at), { recursive: true, mode: 0o700 })
  const source = join(mount.source.path, posix.relative(mount.target, at))
  const entries = new Set(await readdir(source))
  const over = laidOver(mounts, mount).map((other) => posix.relative(at, other.target).split('/')[0] ?? '')
  const here = new Set(over.filter((name) => name !== '' && name !== '..'))
  for (const name of here) {
    if (!entries.has(name))
      throw fail('mount_failed', `${id}: ${join(at, name)} cannot be mounted, because ${mount.target} has no such folder inside`)
  }
  for (const name of entries) {
    const inside = posix.join(at, name)
    const exact = mounts.find((other) => other.target === inside)
    if (exact === undefined && here.has(name)) await build(id, folder, mounts, mount, inside)
    else if (exact !== undefined && laidOver(mounts, exact).length > 0) await build(id, folder, mounts, exact, inside)
    else await symlink(exact === undefined ? join(source, name) : exact.source.path, join(folder, inside))
  }
}

function laidOver(mounts: readonly Mount[], mount: Mount): readonly Mount[] {
  return mounts.filter((other) => other.target.startsWith(`${mount.target}/`))
}

function holder(mounts: readonly Mount[], inside: string): Mount | undefined {
  return mounts
    .filter((mount) => inside === mount.target || inside.startsWith(`${mount.target}/`))
    .toSorted((one, other) => other.target.length - one.target.length)[0]
}

function outermostOf(mounts: readonly Mount[], mount: Mount): Mount {
  return (
    mounts.find(
      (other) => mount.target.startsWith(`${other.target}/`) && !mounts.some((outer) => other.target.startsWith(`${outer.target}/`)),
    ) ?? mount
  )
}
