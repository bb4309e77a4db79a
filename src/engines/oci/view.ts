// What lies where in a process's root, before there is one: so that a wrong command, folder or mount is named instead of failing deep inside.
import { lstatSync, readlinkSync, type Stats } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import type { Mount, ProcessSpec } from '#engines/engine.ts'
import { fail } from '#engines/errors.ts'
import { reveal } from '#lib/secret.ts'
import { DEFAULT_PATH } from '#engines/environment.ts'

type Found =
  | { readonly kind: 'found'; readonly mode: number; readonly uid: number; readonly gid: number; readonly folder: boolean }
  | { readonly kind: 'missing' }
  /** In a part of the root that is made afresh at the start. */
  | { readonly kind: 'unknown' }

/**
 * Throws an error that names the program, working folder or mount target that cannot work. Looks without waiting: a hundred looks take a
 * millisecond like this, and tens of them through the thread pool of a busy machine.
 */
export function checkView(spec: Omit<ProcessSpec, 'restart'>, uid: number): void {
  checkSources(spec)
  checkTargets(spec)
  checkCwd(spec)
  checkProgram(spec, uid)
}

function checkSources(spec: Omit<ProcessSpec, 'restart'>): void {
  for (const mount of spec.mounts) {
    if (statsOf(mount.source.path) === undefined) {
      throw fail('mount_failed', `${spec.id}: ${mount.source.path}, to be mounted on ${mount.target}, does not exist`, {
        advice: 'The folder should have been made before; try the deployment again.',
      })
    }
  }
}

function checkTargets(spec: Omit<ProcessSpec, 'restart'>): void {
  for (const mount of spec.mounts) {
    const around = spec.mounts.filter((other) => other !== mount)
    const parent = holder(around, mount.target)
    if (parent === undefined) continue
    const found = look(around, mount.target)
    if (found.kind === 'found' && found.folder) continue
    if (found.kind === 'missing' && !parent.readonly) continue
    throw fail('mount_failed', `${spec.id}: ${mount.target} cannot be mounted, because ${parent.target} has no such folder inside`)
  }
}

function checkCwd(spec: Omit<ProcessSpec, 'restart'>): void {
  const found = look(spec.mounts, spec.cwd)
  if (found.kind === 'missing' || (found.kind === 'found' && !found.folder)) {
    throw fail('not_executable', `${spec.id}: the working folder ${spec.cwd} is not there`, {
      advice: 'Check the source root and the mounts of the application.',
    })
  }
}

function checkProgram(spec: Omit<ProcessSpec, 'restart'>, uid: number): void {
  const [program] = spec.argv
  const path = reveal(spec.env['PATH'] ?? DEFAULT_PATH)
  const within = (folder: string) => (folder.startsWith('/') ? join(folder, program) : join(spec.cwd, folder, program))
  const candidates = program.startsWith('/') ? [program] : program.includes('/') ? [join(spec.cwd, program)] : path.split(':').map(within)
  let refused = false
  for (const candidate of candidates) {
    const found = look(spec.mounts, candidate)
    if (found.kind === 'unknown') return
    if (found.kind !== 'found') continue
    if (!found.folder && mayExecute(found, uid)) return
    refused = true
  }
  const why = refused ? 'is there but is not a program this user may execute' : program.includes('/') ? 'is not there' : `is not in ${path}`
  throw fail('not_executable', `${spec.id}: the program ${program} ${why}`)
}

function mayExecute(file: { mode: number; uid: number; gid: number }, uid: number): boolean {
  const bit = file.uid === uid ? 0o100 : file.gid === uid ? 0o010 : 0o001
  return (file.mode & bit) !== 0
}

/** Follows links as the process would, in its root: `/usr/bin/x` in /usr, `/app/x` in the mount. */
function look(mounts: readonly Mount[], inside: string): Found {
  let rest = normalize(inside).split('/').filter(Boolean)
  let at = '/'
  let links = 0
  while (rest.length > 0) {
    const [name = '', ...further] = rest
    const next = join(at, name)
    const place = hostPlace(mounts, next)
    if (place === 'made') {
      at = next
      rest = further
      if (rest.length === 0) return { kind: 'found', mode: 0o755, uid: 0, gid: 0, folder: true }
      continue
    }
    if (place === 'unknown') return { kind: 'unknown' }
    if (place === 'missing') return { kind: 'missing' }
    const stats = statsOf(place)
    if (stats === undefined) return { kind: 'missing' }
    if (stats.isSymbolicLink()) {
      if (++links > 40) return { kind: 'missing' }
      const target = readlinkSync(place)
      rest = [
        ...join(target.startsWith('/') ? '/' : dirname(next), target)
          .split('/')
          .filter(Boolean),
        ...further,
      ]
      at = '/'
      continue
    }
    if (further.length === 0) return { kind: 'found', mode: stats.mode, uid: stats.uid, gid: stats.gid, folder: stats.isDirectory() }
    at = next
    rest = further
  }
  return { kind: 'found', mode: 0o755, uid: 0, gid: 0, folder: true }
}

/** A path on the host, or: made by us, only known at the start, not there. */
function hostPlace(mounts: readonly Mount[], inside: string): string | 'made' | 'unknown' | 'missing' {
  const mount = holder(mounts, inside, true)
  if (mount !== undefined) return join(mount.source.path, relative(mount.target, inside))
  if (mounts.some((other) => other.target.startsWith(`${inside}/`))) return inside.startsWith('/usr/') ? inside : 'made'
  if (inside === '/usr/local') return 'made'
  if (inside.startsWith('/usr/local/')) return 'missing'
  if (/^\/(?:usr|bin|sbin|lib[^/]*)(?:\/|$)/.test(inside)) return inside
  if (/^\/(?:tmp|run|dev|proc|sys|etc|var)(?:\/|$)/.test(inside)) return 'unknown'
  return 'missing'
}

/** The innermost mount that `inside` lies in; with `orIs`, or is. */
function holder(mounts: readonly Mount[], inside: string, orIs = false): Mount | undefined {
  return mounts
    .filter((mount) => inside.startsWith(`${mount.target}/`) || (orIs && mount.target === inside))
    .toSorted((one, other) => other.target.length - one.target.length)[0]
}

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
