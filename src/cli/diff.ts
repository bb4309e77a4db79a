// friday diff: what differs between two environments, by layer, one sentence a change.
import type { Command } from 'commander'
import { print } from './output.ts'
import { openSession, type GlobalOptions } from './session.ts'

export function diff(program: Command): void {
  program
    .command('diff')
    .description('what differs between two environments, layer by layer')
    .argument('<before>')
    .argument('<after>')
    .action(async (before: string, after: string, _: unknown, command: Command) => run(before, after, command.optsWithGlobals()))
}

const SIGNS = { added: '+', removed: '-', changed: '~' } as const

async function run(before: string, after: string, options: GlobalOptions): Promise<void> {
  const session = await openSession(options)
  const found = await session.client.call('diff', { project: await session.project(), before, after })
  session.answer(found, ({ layers }) => {
    for (const { layer, alike, changes } of layers) {
      print(alike ? `${layer.padEnd(9)} alike` : `${layer.padEnd(9)} ${changes.length} ${changes.length === 1 ? 'change' : 'changes'}`)
      for (const change of changes) print(`  ${SIGNS[change.kind]} ${change.sentence}`)
    }
  })
}
