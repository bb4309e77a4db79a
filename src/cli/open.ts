// friday open: an environment's page in the browser.
import type { Command } from 'commander'
import { exec } from '#lib/exec.ts'
import { userEnvironment } from './credentials.ts'
import { print } from './output.ts'
import { fail, openSession, type GlobalOptions } from './session.ts'

export function open(program: Command): void {
  program
    .command('open')
    .description("open an environment's page in the browser")
    .argument('[branch]')
    .action(async (branch: string | undefined, _: unknown, command: Command) => run(branch, command.optsWithGlobals()))
}

async function run(branch: string | undefined, options: GlobalOptions): Promise<void> {
  const session = await openSession(options)
  const name = await session.environment(branch)
  const { urls } = await session.client.call('getEnvironment', { project: await session.project(), environment: name })
  const url = urls[0]
  if (url === undefined) throw fail('usage', `The environment ${name} has no address`, { advice: 'It gets one with its first deployment.' })
  session.answer({ url }, () => print(url))
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open'
  if (!session.json) await exec([opener, url], { env: userEnvironment(), timeoutMs: 5000 }).catch(() => undefined)
}
