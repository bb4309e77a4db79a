// The bundle of one process on disk: its root skeleton and its configuration (which holds secrets).
import { copyFile, lstat, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ProcessSpec } from '#engines/engine.ts'
import { fullEnvironment } from '#engines/environment.ts'
import { ociConfig, ociProcess, type HostFacts, type Placement } from './config.ts'
import { etcFiles } from './etc.ts'
import { resolvers, rootNames } from './host.ts'

/** Fills the empty folder of a process. */
export async function writeBundle(folder: string, spec: Omit<ProcessSpec, 'restart'>, place: Placement, host: HostFacts): Promise<void> {
  const etc = join(folder, 'rootfs', 'etc')
  await mkdir(etc, { recursive: true, mode: 0o755 })
  const home = fullEnvironment(spec.env, host.trustStore)['HOME'] ?? '/tmp'
  await Promise.all([
    writeFile(join(folder, 'config.json'), JSON.stringify(ociConfig(spec, place, host)), { mode: 0o600 }),
    writeFile(join(folder, 'process.json'), JSON.stringify(ociProcess(spec, place.uid, host)), { mode: 0o600 }),
    linkRoot(join(folder, 'rootfs'), host),
    linkVar(join(folder, 'rootfs', 'var')),
    localTime(etc),
    ...Object.entries(etcFiles(spec.id, place.uid, home, spec.hosts, await resolvers())).map(([name, content]) =>
      writeFile(join(etc, name), content, { mode: 0o644 }),
    ),
  ])
}

export async function readProcess(folder: string): Promise<ReturnType<typeof ociProcess>> {
  // Written by `writeBundle` and by nobody else.
  return JSON.parse(await readFile(join(folder, 'process.json'), 'utf8')) as ReturnType<typeof ociProcess>
}

async function linkRoot(root: string, host: HostFacts): Promise<void> {
  const links = (await rootNames()).filter((name) => !host.rootFolders.includes(name))
  await Promise.all(links.map(async (name) => symlink(await readlink(`/${name}`), join(root, name))))
}

async function linkVar(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o755 })
  await Promise.all([symlink('/tmp', join(folder, 'tmp')), symlink('/run', join(folder, 'run'))])
}

async function localTime(etc: string): Promise<void> {
  const kind = await lstat('/etc/localtime').catch(() => undefined)
  if (kind?.isSymbolicLink()) await symlink(await readlink('/etc/localtime'), join(etc, 'localtime'))
  else if (kind?.isFile()) await copyFile('/etc/localtime', join(etc, 'localtime'))
}
