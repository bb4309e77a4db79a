// What a verb works with: the client, the project it is about, and whether a program or a person reads the answer.
import { createClient, type Client } from '#api/contract/client.ts'
import type { Activity } from '#api/contract/models.ts'
import { errorTable } from '#lib/errors.ts'
import { readCredentials, userEnvironment } from './credentials.ts'
import { note, print, seconds } from './output.ts'

export const fail = errorTable('cli', {
  no_project: {
    status: 422,
    advice: 'Name it with --project, or add the remote: git remote add friday <git URL> (`friday project list` shows it).',
  },
  no_branch: { status: 422, advice: 'Name the environment, or run this in a git checkout that is on a branch.' },
  activity_failed: { status: 422, advice: '`friday activity log <id>` shows it again.' },
  usage: { status: 422, advice: 'See `friday --help`.' },
})

export interface GlobalOptions {
  readonly json?: boolean
  readonly project?: string
}

export interface Session {
  readonly client: Client
  readonly json: boolean
  project(): Promise<string>
  /** The environment named, or the branch the checkout is on. */
  environment(named: string | undefined): Promise<string>
  /** Prints `value` as JSON for programs, or lets `human` print it. */
  answer<T>(value: T, human: (value: T) => void): void
  /** Shows an activity's log as it grows and ends as it ends; a failed one is an error. */
  follow(activity: Activity): Promise<Activity>
}

export async function openSession(options: GlobalOptions): Promise<Session> {
  const client = createClient(await readCredentials())
  const json = options.json === true
  const session: Session = {
    client,
    json,
    project: async () => options.project ?? (await projectOfRemote(client.url)),
    environment: async (named) => named ?? (await currentBranch()),
    answer(value, human) {
      if (json) print(JSON.stringify(value, null, 2))
      else human(value)
    },
    async follow(activity) {
      for await (const line of client.activityLog(activity.id)) if (!json) note(line.text)
      const ended = await client.call('getActivity', { activity: activity.id })
      if (ended.result === 'failure') {
        if (json) print(JSON.stringify(ended, null, 2))
        throw fail('activity_failed', `${ended.type} failed: ${ended.failure?.message ?? 'no reason was recorded'}`, { activity: ended.id })
      }
      session.answer(ended, (done) => note(`Done in ${seconds(durationOf(done))}.`))
      return ended
    },
  }
  return session
}

export function durationOf(activity: Activity): number {
  return activity.completedAt === null ? 0 : Date.parse(activity.completedAt) - Date.parse(activity.createdAt)
}

/** `git` in the user's checkout; undefined when it fails (no repository, no such remote). */
export async function git(...args: string[]): Promise<string | undefined> {
  // Loaded here: most calls name the project and start no program.
  const { exec } = await import('#lib/exec.ts')
  const result = await exec(['git', ...args], { env: userEnvironment(), cwd: process.cwd() })
  return result.ok ? result.stdout.trim() : undefined
}

async function projectOfRemote(url: string): Promise<string> {
  const remotes = (await git('remote', '-v')) ?? ''
  for (const line of remotes.split('\n')) {
    const address = line.split(/\s+/)[1] ?? ''
    if (!URL.canParse(address)) continue
    const { host, pathname } = new URL(address)
    const name = /^\/([a-z0-9-]+)\.git$/.exec(pathname)?.[1]
    if (host === new URL(url).host && name !== undefined) return name
  }
  throw fail('no_project', 'No git remote of this folder points at Friday, so it is not clear which project is meant')
}

async function currentBranch(): Promise<string> {
  const branch = await git('symbolic-ref', '--short', 'HEAD')
  if (branch === undefined) throw fail('no_branch', 'This folder is not a git checkout on a branch')
  return branch
}
