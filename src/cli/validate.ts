// friday validate: every problem of a project's configuration, with file, line, path and what was expected.
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { formatProblem } from '#manifest/problems.ts'
import { readManifest } from '#manifest/read.ts'
import type { Support } from '#manifest/support.ts'
import { folderTree } from './folder-tree.ts'
import { EXIT, note, print } from './output.ts'

export function validate(program: Command, server: { readonly support: () => Promise<Support> }): void {
  program
    .command('validate')
    .description("check a project's configuration: every problem at once; nothing is sent anywhere")
    .argument('[folder]', 'root of the project', '.')
    .action(async (folder: string, _: unknown, command: Command) => run(folder, await server.support(), command.optsWithGlobals()))
}

async function run(folder: string, support: Support, { json }: { json?: boolean }): Promise<void> {
  const result = readManifest(folderTree(resolve(folder)), support)
  process.exitCode = result.ok ? EXIT.ok : EXIT.failed
  if (json === true) return print(JSON.stringify(result, null, 2))
  for (const problem of result.warnings) note(`warning: ${formatProblem(problem)}`)
  if (!result.ok) {
    for (const problem of result.problems) print(formatProblem(problem))
    return
  }
  const { applications, services, routes } = result.project
  print(`Good: ${counted(applications.length, 'application')}, ${counted(services.length, 'service')}, ${counted(routes.length, 'route')}.`)
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
