// The bundle of one process on disk: its root skeleton, its configuration (which holds secrets) and what we must remember about it.
import { copyFile, lstat, mkdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readIfThere } from '#lib/files.ts'
import type { ProcessSpec } from '#engines/engine.ts'
import { fullEnv, ociConfig, ociProcess, type HostFacts, type Placement } from './config.ts'
import { etcFiles } from './etc.ts'
import { resolvers, rootNames } from './host.ts'

/** What is known of a process besides its configuration; no secret in it. */
export interface UnitRecord {
  readonly id: string
  readonly network: string
  readonly labels: Readonly<Record<string, string>>
  readonly restart: ProcessSpec['restart']
  readonly uid: number
  /** `made`: not started for sure. `started`: it was. `stopping`: to be removed whatever happens. */
  phase: 'made' | 'started' | 'stopping'
  pid?: number
  /** See `startOf`: tells the process from a later one with its id. */
  pidStart?: string
  /** Milliseconds since the epoch. */
  startedAt: number
  restarts: number
  /** A run that was ended because its time was over. */
  timedOut?: boolean
  lastExit?: { readonly exitCode: number; readonly outOfMemory: boolean }
}

/** Makes the folder anew; what an interrupted attempt left is thrown away. */
export async function writeBundle(folder: string, spec: Omit<ProcessSpec, 'restart'>, place: Placement, host: HostFacts): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  const etc = join(folder, 'rootfs', 'etc')
  await mkdir(etc, { recursive: true, mode: 0o755 })
  const home = fullEnv(spec.env, host)['HOME'] ?? '/tmp'
  await Promise.all([
    mkdir(join(folder, 'log'), { mode: 0o700 }),
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

export async function readRecord(folder: string): Promise<UnitRecord | undefined> {
  const text = await readIfThere(join(folder, 'unit.json'))
  // Written by `writeRecord` and by nobody else.
  return text === undefined ? undefined : (JSON.parse(text) as UnitRecord)
}

/** Replaced in one step; not synced, because after a power cut no process is left to remember. */
export async function writeRecord(folder: string, record: UnitRecord): Promise<void> {
  await writeFile(join(folder, 'unit.json.tmp'), JSON.stringify(record), { mode: 0o600 })
  await rename(join(folder, 'unit.json.tmp'), join(folder, 'unit.json'))
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
