// friday logs: what an environment's processes write.
import type { Command } from 'commander'
import { openSession, type GlobalOptions } from './session.ts'

export function logs(program: Command): void {
  program
    .command('logs')
    .description("output of an environment's processes")
    .argument('[branch]')
    .option('--process <name>', 'an application, worker or service (default: every application and worker)')
    .option('-f, --follow', 'go on as they write')
    .action(async (branch: string | undefined, _: unknown, command: Command) => run(branch, command.optsWithGlobals()))
}

async function run(branch: string | undefined, options: GlobalOptions & { process?: string; follow?: boolean }): Promise<void> {
  const session = await openSession(options)
  const target = {
    project: await session.project(),
    environment: await session.environment(branch),
    follow: options.follow === true,
    ...(options.process === undefined ? {} : { process: options.process }),
  }
  for await (const text of session.client.processLog(target)) process.stdout.write(session.json ? `${JSON.stringify({ text })}\n` : text)
}
