// friday env: the environments of a project.
import type { Command } from 'commander'
import type { Environment } from '#api/contract/models.ts'
import { bytes, note, print, printTable } from './output.ts'
import { openSession, type GlobalOptions } from './session.ts'

export function env(program: Command): void {
  const group = program.command('env').description('list, create, delete, pause and resume environments')
  group.command('list').description('list the environments of the project').action(run(list))
  group
    .command('create')
    .description('create a branch and its environment, cloned from its parent')
    .argument('<branch>')
    .option('--parent <branch>', 'environment to clone (default: production)')
    .option('--sealed', 'no outbound network')
    .action(runNamed(create))
  group.command('show').description('one environment: processes, data, addresses').argument('[branch]').action(runNamed(show))
  group.command('url').description('print the address of an environment').argument('[branch]').action(runNamed(url))
  group.command('delete').description('delete an environment, its branch and its data').argument('<branch>').action(runNamed(remove))
  group.command('pause').description('stop its processes and keep its data').argument('[branch]').action(runNamed(pause))
  group.command('resume').description('start a paused environment again').argument('[branch]').action(runNamed(resume))
}

type Named = (options: GlobalOptions & { parent?: string; sealed?: boolean }, branch: string | undefined) => Promise<void>

function run(action: (options: GlobalOptions) => Promise<void>) {
  return (_: unknown, command: Command) => action(command.optsWithGlobals())
}

function runNamed(action: Named) {
  return (branch: string | undefined, _: unknown, command: Command) => action(command.optsWithGlobals(), branch)
}

async function list(options: GlobalOptions): Promise<void> {
  const session = await openSession(options)
  const environments = await session.client.call('listEnvironments', { project: await session.project() })
  session.answer(environments, (all) => {
    if (all.length === 0) return note('There are no environments yet: git push friday main')
    printTable(
      ['ENVIRONMENT', 'TYPE', 'STATUS', 'RELEASE', 'PARENT', 'URL'],
      all.map((environment) => [
        environment.branch,
        environment.type,
        environment.status,
        releaseOf(environment),
        environment.parent ?? '',
        environment.urls[0] ?? '',
      ]),
    )
  })
}

export function releaseOf(environment: Pick<Environment, 'release'>): string {
  return environment.release === null ? '' : `#${environment.release.number} ${environment.release.commit.slice(0, 7)}`
}

const create: Named = async (options, branch = '') => {
  const session = await openSession(options)
  const project = await session.project()
  const activity = await session.client.call('createEnvironment', {
    project,
    branch,
    parent: options.parent,
    outbound: options.sealed ? 'sealed' : undefined,
  })
  await session.follow(activity)
}

const show: Named = async (options, branch) => {
  const session = await openSession(options)
  const target = { project: await session.project(), environment: await session.environment(branch) }
  session.answer(await session.client.call('getEnvironment', target), (environment) => {
    print(`${environment.branch} (${environment.type}, ${environment.status})  ${environment.urls.join('  ')}`)
    print(`release  ${releaseOf(environment)}   parent  ${environment.parent ?? 'none'}   outbound  ${environment.outbound}`)
    if (environment.data !== null) {
      const { rows, ownBytes, sharedBytes, from } = environment.data
      print(
        `data     ${rows === null ? 'not readable now' : `${rows} rows`}, ${bytes(ownBytes)} own, ${bytes(sharedBytes)} shared; ${from}`,
      )
    }
    printTable(
      ['PROCESS', 'ROLE', 'STATE', 'RESTARTS', 'SINCE'],
      environment.processes.map((process) => [process.name, process.role, process.state, String(process.restarts), process.startedAt]),
    )
  })
}

const url: Named = async (options, branch) => {
  const session = await openSession(options)
  const target = { project: await session.project(), environment: await session.environment(branch) }
  session.answer((await session.client.call('getEnvironment', target)).urls, (urls) => print(urls[0] ?? ''))
}

const remove: Named = async (options, branch = '') => {
  const session = await openSession(options)
  await session.follow(await session.client.call('deleteEnvironment', { project: await session.project(), environment: branch }))
}

const pause: Named = async (options, branch) => {
  const session = await openSession(options)
  await session.follow(
    await session.client.call('pause', { project: await session.project(), environment: await session.environment(branch) }),
  )
}

const resume: Named = async (options, branch) => {
  const session = await openSession(options)
  await session.follow(
    await session.client.call('resume', { project: await session.project(), environment: await session.environment(branch) }),
  )
}
