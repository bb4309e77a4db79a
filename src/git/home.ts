// The folder beside the repositories that makes git behave: one policy for all of them, the hooks, an empty home, and the environment.
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeFileAtomic } from '#lib/files.ts'

export interface GitHome {
  /** The folder of the bare repositories, `<id>.git`. */
  readonly folder: string
  /** The file each repository's config includes. */
  readonly policy: string
  /** Where repositories go before they are deleted, so that none is seen half gone. */
  readonly trash: string
  /** The whole environment of every git that we start. */
  readonly env: Readonly<Record<string, string>>
  /** What the hooks need besides: who runs them, and what. */
  readonly hookEnv: Readonly<Record<string, string>>
}

export interface HomeOptions {
  readonly folder: string
  /** Bytes that one push may send. */
  readonly maxInputSize: number
  /** The built proc-receive.js; hooks are run by this Node.js and never see TypeScript. */
  readonly hookEntry?: string
}

const HOOK = (phase: string) => `#!/bin/sh
# Friday decides about every ref; a push that did not come through its address has nobody to ask.
[ -n "$FRIDAY_NODE" ] || { echo "Push to the project's address at Friday; this folder takes nothing by itself." >&2; exit 1; }
exec "$FRIDAY_NODE" "$FRIDAY_HOOK" ${phase}
`

/** Makes or renews the folder's own files; safe to call at every start. */
export async function openHome(options: HomeOptions): Promise<GitHome> {
  const own = join(options.folder, '.friday')
  const hooks = join(own, 'hooks')
  const trash = join(own, 'trash')
  const home = join(own, 'home')
  await mkdir(home, { recursive: true, mode: 0o700 })
  await mkdir(trash, { recursive: true, mode: 0o700 })
  for (const left of await readdir(trash)) await rm(join(trash, left), { recursive: true, force: true })
  await writeFileAtomic(join(own, 'policy'), policyFor(hooks, options.maxInputSize))
  await writeFileAtomic(join(own, 'trust'), '[safe]\n\tdirectory = *\n')
  for (const phase of ['pre-receive', 'proc-receive']) await writeFileAtomic(join(hooks, phase), HOOK(phase), 0o700)
  return {
    folder: options.folder,
    policy: join(own, 'policy'),
    trash,
    env: {
      HOME: home,
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: join(own, 'trust'),
      GIT_ATTR_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_OPTIONAL_LOCKS: '0',
    },
    hookEnv: {
      FRIDAY_NODE: process.execPath,
      FRIDAY_HOOK: options.hookEntry ?? fileURLToPath(new URL('../../dist/git/proc-receive.js', import.meta.url)),
    },
  }
}

/**
 * What holds for every repository. `procReceiveRefs = refs` covers every ref there is: should a hook be missing,
 * git refuses the push instead of moving a ref by itself. The fsck exceptions are the flaws of old, honest history
 * that the large hosts let pass too. Large files are streamed, not held in memory, from 50 MB on.
 */
function policyFor(hooks: string, maxInputSize: number): string {
  return `[core]
	hooksPath = ${JSON.stringify(hooks)}
	logAllRefUpdates = false
	bigFileThreshold = 50m
	fsync = committed,reference
	fsyncMethod = batch
[gc]
	auto = 0
[receive]
	procReceiveRefs = refs
	advertisePushOptions = true
	fsckObjects = true
	maxInputSize = ${maxInputSize}
	autogc = false
	updateServerInfo = false
	denyDeletes = false
	denyNonFastForwards = false
[receive "fsck"]
	zeroPaddedFilemode = ignore
	badTimezone = ignore
	missingSpaceBeforeDate = ignore
[transfer]
	fsckObjects = true
[uploadpack]
	hideRefs = refs/friday
	allowFilter = true
[pack]
	windowMemory = 100m
	threads = 1
`
}
