// Where the CLI keeps which Friday it talks to, and its token; the only file of the CLI that reads the environment.
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { readIfThere, writeFileAtomic } from '#lib/files.ts'

export interface Credentials {
  readonly url: string
  readonly token: string | undefined
}

export const DEFAULT_URL = 'http://127.0.0.1:7780'

/** FRIDAY_URL and FRIDAY_TOKEN win over the file that `friday login` wrote. */
export async function readCredentials(): Promise<Credentials> {
  const kept = JSON.parse((await readIfThere(credentialsPath())) ?? '{}') as { url?: string; tokens?: Record<string, string> } // written below
  const url = (process.env['FRIDAY_URL'] ?? kept.url ?? DEFAULT_URL).replace(/\/+$/, '')
  return { url, token: process.env['FRIDAY_TOKEN'] ?? kept.tokens?.[url] }
}

export async function keepCredentials(url: string, token: string): Promise<string> {
  const path = credentialsPath()
  const kept = JSON.parse((await readIfThere(path)) ?? '{}') as { tokens?: Record<string, string> } // as above
  await writeFileAtomic(path, `${JSON.stringify({ url, tokens: { ...kept.tokens, [url]: token } }, null, 2)}\n`)
  return path
}

/** The same token where git's own `store` helper reads it (git-credential-store(1)): one line for each address. */
export async function keepGitCredentials(url: string, token: string): Promise<string> {
  const path = join(dirname(credentialsPath()), 'git-credentials')
  const { protocol, host } = new URL(url)
  const others = ((await readIfThere(path)) ?? '').split('\n').filter((line) => line !== '' && !isFor(line, protocol, host))
  await writeFileAtomic(path, [...others, `${protocol}//friday:${encodeURIComponent(token)}@${host}`, ''].join('\n'))
  return path
}

function isFor(line: string, protocol: string, host: string): boolean {
  const known = URL.canParse(line) ? new URL(line) : undefined
  return known?.protocol === protocol && known.host === host
}

function credentialsPath(): string {
  return process.env['FRIDAY_CONFIG'] ?? join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'friday', 'credentials.json')
}

/** The whole environment, for programs the CLI starts in the user's name (git, a browser). */
export function userEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])))
}
