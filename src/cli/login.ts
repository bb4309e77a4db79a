// friday login: trades the one-time token for a token of one's own, and lets git use it for this Friday.
import type { Command } from 'commander'
import { createClient } from '#api/contract/client.ts'
import { exec } from '#lib/exec.ts'
import { DEFAULT_URL, keepCredentials, keepGitCredentials, userEnvironment } from './credentials.ts'
import { note, print } from './output.ts'
import { fail, type GlobalOptions } from './session.ts'

interface Options extends GlobalOptions {
  readonly setupToken?: string
  readonly token?: string
  readonly name: string
  readonly git: boolean
}

export function login(program: Command): void {
  program
    .command('login')
    .description('log in to a Friday, with its one-time token or a token somebody made for you')
    .argument('[url]', 'address of its API', DEFAULT_URL)
    .option('--setup-token <token>', 'the one-time token that `friday start` printed')
    .option('--token <token>', 'a token that exists already')
    .option('--name <name>', 'your user name', 'admin')
    .option('--no-git', 'do not teach git to use the token for this address')
    .action(async (address: string, _: unknown, command: Command) => run(address, command.optsWithGlobals<Options>()))
}

async function run(address: string, options: Options): Promise<void> {
  const url = address.replace(/\/+$/, '')
  const token = options.token ?? (await tradeSetupToken(url, options))
  await createClient({ url, token }).call('status', {})
  const path = await keepCredentials(url, token)
  if (options.git) await teachGit(url, token)
  if (options.json === true) return print(JSON.stringify({ url, credentials: path }))
  note(`Logged in to ${url}; the token is kept in ${path}.`)
  if (options.git) note(`git uses it for ${url} from now on (credential.${url}.helper in your git configuration).`)
}

async function tradeSetupToken(url: string, options: Options): Promise<string> {
  const setupToken = options.setupToken ?? (await ask())
  const { token } = await createClient({ url }).call('login', { setupToken, name: options.name })
  return token
}

async function ask(): Promise<string> {
  if (!process.stdin.isTTY)
    throw fail('usage', 'There is no terminal to ask for a token', { advice: 'Give it with --setup-token or --token.' })
  const prompts = await import('@clack/prompts')
  const answer = await prompts.password({ message: 'One-time token (friday start printed it):' })
  if (prompts.isCancel(answer)) throw fail('usage', 'No token was given')
  return answer
}

/** Git's own helper: one that starts Node.js would take a tenth of a second, two or three times in every push. */
async function teachGit(url: string, token: string): Promise<void> {
  const file = await keepGitCredentials(url, token)
  // Git runs a helper through a shell, so the path is quoted for one.
  const quoted = `'${file.replaceAll("'", `'\\''`)}'`
  const result = await exec(['git', 'config', '--global', `credential.${url}.helper`, `store --file=${quoted}`], {
    env: userEnvironment(),
  })
  if (!result.ok) note(`git could not be set up (${result.stderr.trim()}); give your token as the password when git asks.`)
}
