// friday status: how Friday runs on this machine, and what it does not isolate.
import type { Command } from 'commander'
import { bytes, print } from './output.ts'
import { openSession, type GlobalOptions } from './session.ts'

export function status(program: Command): void {
  program
    .command('status')
    .description('how Friday runs, and what it does not do on this machine')
    .action(async (_: unknown, command: Command) => run(command.optsWithGlobals()))
}

async function run(options: GlobalOptions): Promise<void> {
  const session = await openSession(options)
  session.answer(await session.client.call('status', {}), (now) => {
    print(`Friday ${now.version} at ${session.client.url}, as ${now.user}`)
    print(`applications  ${now.router}`)
    print(`engine        ${now.engine.name}`)
    print(`volumes       ${now.volumes.name}, ${bytes(now.volumes.freeBytes)} free`)
    print(`state         ${now.database} PostgreSQL`)
    print(`holds         ${now.projects} projects, ${now.environments} environments`)
    for (const limit of [...now.engine.limits, ...now.volumes.limits, ...now.limits]) print(`note          ${limit}`)
  })
}
