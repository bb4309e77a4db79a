// friday activity: what was done and what is being done, with its log.
import type { Command } from 'commander'
import { note, print, printTable, seconds } from './output.ts'
import { durationOf, openSession, type GlobalOptions } from './session.ts'

export function activity(program: Command): void {
  const group = program.command('activity').description('list activities, show one, follow its log')
  group
    .command('list')
    .description('activities of the project, newest first')
    .option('--env <branch>', 'of one environment only')
    .option('--limit <number>', 'how many', '20')
    .action(async (_: unknown, command: Command) => list(command.optsWithGlobals()))
  group
    .command('show')
    .description('one activity with its phases')
    .argument('<id>')
    .action(async (id: string, _: unknown, command: Command) => show(id, command.optsWithGlobals()))
  group
    .command('log')
    .description('the log of an activity, followed to its end')
    .argument('<id>')
    .option('--after <position>', 'only lines after this position', '0')
    .action(async (id: string, _: unknown, command: Command) => log(id, command.optsWithGlobals()))
}

async function list(options: GlobalOptions & { env?: string; limit: string }): Promise<void> {
  const session = await openSession(options)
  const found = await session.client.call('listActivities', {
    project: await session.project(),
    environment: options.env,
    limit: Number(options.limit),
  })
  session.answer(found, (all) => {
    if (all.length === 0) return note('Nothing has happened here yet.')
    printTable(
      ['ACTIVITY', 'TYPE', 'ENVIRONMENT', 'RESULT', 'BY', 'STARTED', 'TOOK'],
      all.map((one) => [
        one.id,
        one.type,
        one.environment ?? '',
        one.result ?? one.state,
        one.actor,
        one.createdAt,
        one.completedAt === null ? '' : seconds(durationOf(one)),
      ]),
    )
  })
}

async function show(id: string, options: GlobalOptions): Promise<void> {
  const session = await openSession(options)
  session.answer(await session.client.call('getActivity', { activity: id }), (one) => {
    print(`${one.type} of ${one.environment ?? one.project} by ${one.actor}: ${one.result ?? one.state}`)
    if (one.failure !== null) print(`${one.failure.message}\n${one.failure.advice}`)
    printTable(
      ['PHASE', 'TOOK'],
      one.phases.map((phase) => [phase.name, seconds(phase.ms)]),
    )
  })
}

async function log(id: string, options: GlobalOptions & { after: string }): Promise<void> {
  const session = await openSession(options)
  for await (const line of session.client.activityLog(id, Number(options.after))) print(session.json ? JSON.stringify(line) : line.text)
}
