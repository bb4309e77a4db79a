// Processes as plain children in a session of their own, each under a little supervisor that outlives us.
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { spawnBare, type Child } from '#lib/exec.ts'
import { isThere, readIfThere } from '#lib/files.ts'
import { waitFor } from '#lib/wait.ts'
import type { ProcessSpec } from '#engines/engine.ts'
import { fullEnvironment, TRUST_STORE } from '#engines/environment.ts'
import { fail } from '#engines/errors.ts'
import type { Carrier, Found } from '#engines/supervisor/carrier.ts'
import { listSegments } from '#engines/supervisor/logs.ts'
import { isMentioned, signalQuietly, startOf } from '#engines/supervisor/proc.ts'
import { readRecord, type UnitRecord } from '#engines/supervisor/record.ts'
import type { Ports } from './ports.ts'
import { SUPERVISOR } from './supervisor.ts'
import { buildView, viewOf } from './view.ts'

/** What `make` and sessions need; on disk with mode 0600. */
export interface Launch {
  readonly argv: [string, ...string[]]
  readonly cwd: string
  readonly env: Record<string, string>
}

const PERL = '/usr/bin/perl'
const GONE_MS = 10_000
const SETTLING_MS = 30_000

export function createChildren(folder: string, views: string, exits: string, ports: Ports): Carrier {
  return {
    logs: { keep: listSegments, decoder: () => ({ push: (chunk) => chunk }) },
    prepare,
    make,
    // Children run as soon as they are made.
    begin: async () => undefined,
    remove,
    pause: async (record) => signalGroup(record, 'SIGSTOP'),
    resume: async (record) => signalGroup(record, 'SIGCONT'),
    terminate: async ({ stopSignal }, pid) => signalQuietly(pid, stopSignal),
    kill: async (_record, pid) => signalQuietly(-pid, 'SIGKILL'),
    startOf,
    settle,
    survey,
  }

  async function prepare(spec: ProcessSpec, place: string): Promise<void> {
    ports.need(spec.network)
    for (const mount of spec.mounts) {
      if (!(await isThere(mount.source.path))) {
        throw fail('mount_failed', `${spec.id}: ${mount.source.path}, to be mounted on ${mount.target}, does not exist`)
      }
    }
    const view = join(views, spec.id)
    await buildView(spec.id, view, spec.mounts)
    const cwd = viewOf(view, spec.mounts)(spec.cwd)
    if (!(await stat(cwd).catch(() => undefined))?.isDirectory()) {
      throw fail('not_executable', `${spec.id}: the working folder ${spec.cwd} is not there`)
    }
    const env = fullEnvironment(spec.env, (await isThere(TRUST_STORE)) ? TRUST_STORE : undefined)
    const content: Launch = { argv: [...spec.argv], cwd, env }
    await writeFile(join(place, 'launch.json'), JSON.stringify(content), { mode: 0o600 })
  }

  async function make(id: string, place: string, logBytes: number): Promise<number> {
    const { argv, cwd, env } = await readLaunch(place)
    const files = [join(place, 'log'), String(logBytes), join(exits, id), join(place, 'pid')]
    await mkdir(files[0] ?? place, { recursive: true })
    const child = await spawnBare([PERL, '-e', SUPERVISOR, '--', ...files, ...argv], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    child.unref()
    const [verdict = '', ...rest] = (await firstLine(child)).split(' ')
    if (verdict !== 'pid')
      throw fail('not_executable', `${id}: the program ${argv[0]} could not be started: ${rest.join(' ') || 'no reason given'}`)
    return Number(rest[0])
  }

  async function remove(record: UnitRecord): Promise<void> {
    const pid = record.pid ?? (await readPid(join(folder, record.id)))
    const isOurs = async () =>
      pid !== undefined && (record.pidStart === undefined || (await startOf(pid)) === record.pidStart) && (await startOf(pid)) !== undefined
    if (pid !== undefined && (await isOurs())) {
      signalQuietly(-pid, 'SIGKILL')
      await waitFor(async () => !(await isOurs()), { timeoutMs: GONE_MS })
    }
    await rm(join(folder, record.id, 'pid'), { force: true })
    if (record.phase === 'stopping') await rm(join(views, record.id), { recursive: true, force: true })
  }

  async function settle(record: UnitRecord, place: string): Promise<Found | undefined> {
    const certain = await waitFor(
      async () => {
        // Asked first: a supervisor that is gone by then has written all it ever will.
        const busy = await isMentioned(place)
        const found = await find(record, place)
        return found !== undefined || !busy ? { found } : undefined
      },
      { timeoutMs: SETTLING_MS, everyMs: 20 },
    )
    return certain?.found
  }

  async function survey(): Promise<ReadonlyMap<string, Found>> {
    const all = new Map<string, Found>()
    for (const id of await readdir(folder)) {
      const found = await find(await readRecord(join(folder, id)), join(folder, id))
      if (found !== undefined) all.set(id, found)
    }
    return all
  }

  async function find(record: UnitRecord | undefined, place: string): Promise<Found | undefined> {
    const pid = await readPid(place)
    const start = pid === undefined ? undefined : await startOf(pid)
    if (pid === undefined || start === undefined) return undefined
    // Without a recorded start the former control plane died in between: the file was written a moment before.
    if (record?.pid === pid && record.pidStart !== undefined && record.pidStart !== start) return undefined
    return { pid, state: record?.paused === true ? 'paused' : 'running' }
  }
}

export async function readLaunch(place: string): Promise<Launch> {
  // Written by `prepare` and by nobody else.
  return JSON.parse(await readFile(join(place, 'launch.json'), 'utf8')) as Launch
}

async function readPid(place: string): Promise<number | undefined> {
  const text = await readIfThere(join(place, 'pid'))
  return text === undefined || text.trim() === '' ? undefined : Number(text)
}

async function signalGroup({ pid }: UnitRecord, signal: NodeJS.Signals): Promise<void> {
  if (pid !== undefined) signalQuietly(-pid, signal)
}

async function firstLine(child: Child): Promise<string> {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk)
    if (text.includes('\n')) break
  }
  return text.split('\n')[0] ?? ''
}
