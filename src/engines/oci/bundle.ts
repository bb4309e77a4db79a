// The bundle of one process on disk: its root skeleton and its configuration (which holds secrets).
import { copyFileSync, lstatSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Mount, ProcessSpec } from '#engines/engine.ts'
import { fullEnvironment } from '#engines/environment.ts'
import { readIfThere } from '#lib/files.ts'
import { ociConfig, ociProcess, withSources, type HostFacts, type Placement } from './config.ts'
import { etcFiles } from './etc.ts'
import { resolvers, rootNames } from './host.ts'

/**
 * Fills the empty folder of a process. Small files, written without waiting: all of them take a millisecond like this, and tens of them
 * through the thread pool of a busy machine.
 */
export async function writeBundle(folder: string, spec: Omit<ProcessSpec, 'restart'>, place: Placement, host: HostFacts): Promise<void> {
  const own = etcFiles(spec.id, place.uid, fullEnvironment(spec.env, host.trustStore)['HOME'] ?? '/tmp', spec.hosts, await resolvers())
  const links = (await rootNames()).filter((name) => !host.rootFolders.includes(name))
  const root = join(folder, 'rootfs')
  mkdirSync(join(root, 'etc'), { recursive: true, mode: 0o755 })
  mkdirSync(join(root, 'var'), { mode: 0o755 })
  for (const name of links) symlinkSync(readlinkSync(`/${name}`), join(root, name))
  for (const name of ['tmp', 'run']) symlinkSync(`/${name}`, join(root, 'var', name))
  for (const [name, content] of Object.entries(own)) writeFileSync(join(root, 'etc', name), content, { mode: 0o644 })
  localTime(join(root, 'etc', 'localtime'))
  writeFileSync(join(folder, 'process.json'), JSON.stringify(ociProcess(spec, place.uid, host)), { mode: 0o600 })
  writeFileSync(join(folder, 'config.json'), JSON.stringify(ociConfig(spec, place, host)), { mode: 0o600 })
}

/** What `late.ts` has to mount before this process begins; the bundle names stand-ins. */
export async function writeMounts(folder: string, mounts: readonly Mount[]): Promise<void> {
  await writeFile(join(folder, 'mounts.json'), JSON.stringify(mounts), { mode: 0o600 })
}

export async function readMounts(folder: string): Promise<readonly Mount[] | undefined> {
  const text = await readIfThere(join(folder, 'mounts.json'))
  // Written by `writeMounts` and by nobody else.
  return text === undefined ? undefined : (JSON.parse(text) as Mount[])
}

/** From now on the bundle names the sources themselves, so that the process can be made again without what stood in for them. */
export async function settleMounts(folder: string, mounts: readonly Mount[]): Promise<void> {
  const path = join(folder, 'config.json')
  const config = JSON.parse(await readFile(path, 'utf8')) as ReturnType<typeof ociConfig>
  await writeFile(path, JSON.stringify(withSources(config, mounts)), { mode: 0o600 })
  await rm(join(folder, 'mounts.json'))
}

export async function readProcess(folder: string): Promise<ReturnType<typeof ociProcess>> {
  // Written by `writeBundle` and by nobody else.
  return JSON.parse(await readFile(join(folder, 'process.json'), 'utf8')) as ReturnType<typeof ociProcess>
}

function localTime(path: string): void {
  const kind = lstatSync('/etc/localtime', { throwIfNoEntry: false })
  if (kind?.isSymbolicLink() === true) symlinkSync(readlinkSync('/etc/localtime'), path)
  else if (kind?.isFile() === true) copyFileSync('/etc/localtime', path)
}
