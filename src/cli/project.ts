// friday project: create, list, delete.
import type { Command } from 'commander'
import type { Project } from '#api/contract/models.ts'
import { note, print, printTable } from './output.ts'
import { fail, openSession, type GlobalOptions } from './session.ts'

export function project(program: Command): void {
  const group = program.command('project').description('create, list and delete projects')
  group
    .command('create')
    .description('create a project with an empty repository')
    .argument('<name>')
    .option('--title <title>')
    .option('--default-branch <branch>', 'the branch that is production', 'main')
    .action(async (name: string, _: unknown, command: Command) => create(name, command.optsWithGlobals()))
  group
    .command('list')
    .description('list projects')
    .action(async (_: unknown, command: Command) => list(command.optsWithGlobals()))
  group
    .command('delete')
    .description('delete a project with all its environments and their data')
    .argument('<name>')
    .option('--yes', 'do not ask')
    .action(async (name: string, _: unknown, command: Command) => remove(name, command.optsWithGlobals()))
}

async function create(name: string, options: GlobalOptions & { title?: string; defaultBranch: string }): Promise<void> {
  const session = await openSession(options)
  const made = await session.client.call('createProject', { name, title: options.title, defaultBranch: options.defaultBranch })
  session.answer(made, (project: Project) => {
    print(`Project ${project.name} is ready for its first push:`)
    print(`  git remote add friday ${project.gitUrl}`)
    print(`  git push friday ${project.defaultBranch}`)
  })
}

async function list(options: GlobalOptions): Promise<void> {
  const session = await openSession(options)
  session.answer(await session.client.call('listProjects', {}), (projects) => {
    if (projects.length === 0) return note('There are no projects yet: friday project create <name>')
    printTable(
      ['PROJECT', 'PRODUCTION', 'GIT'],
      projects.map((project) => [project.name, project.defaultBranch, project.gitUrl]),
    )
  })
}

async function remove(name: string, options: GlobalOptions & { yes?: boolean }): Promise<void> {
  if (options.yes !== true)
    throw fail('usage', `This deletes ${name}, all its environments and their data for ever`, { advice: 'Say --yes if you mean it.' })
  const session = await openSession(options)
  session.answer(await session.client.call('deleteProject', { project: name }), ({ deleted }) => note(`Project ${deleted} is gone.`))
}
