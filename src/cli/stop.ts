// friday stop: ends Friday with everything it runs; data is kept.
import type { Command } from 'commander'
import { note } from './output.ts'
import { openSession, type GlobalOptions } from './session.ts'

export function stop(program: Command): void {
  program
    .command('stop')
    .description('stop Friday with every application, service and the router; data is kept')
    .action(async (_: unknown, command: Command) => run(command.optsWithGlobals()))
}

async function run(options: GlobalOptions): Promise<void> {
  const session = await openSession(options)
  session.answer(await session.client.call('shutdown', {}), () => note('Friday stops, with all that it runs.'))
}
