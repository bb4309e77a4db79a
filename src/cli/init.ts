// friday init: writes a commented configuration for a project that has none.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { writeFileAtomic } from '#lib/files.ts'
import { detectProject } from '#manifest/detect.ts'
import type { Support } from '#manifest/support.ts'
import { folderTree } from './folder-tree.ts'
import { note, print } from './output.ts'
import { fail } from './session.ts'

export function init(program: Command, server: { readonly support: () => Promise<Support> }): void {
  program
    .command('init')
    .description('write .upsun/config.yaml for a Node.js project that has no configuration')
    .argument('[folder]', 'root of the project', '.')
    .action(async (folder: string, _: unknown, command: Command) => run(resolve(folder), await server.support(), command.optsWithGlobals()))
}

async function run(folder: string, support: Support, { json }: { json?: boolean }): Promise<void> {
  for (const present of ['.upsun', '.platform.app.yaml', '.platform']) {
    if (existsSync(join(folder, present)))
      throw fail('usage', `${folder} has a configuration already (${present})`, { advice: '`friday validate` checks it.' })
  }
  const detected = detectProject(folderTree(folder), support)
  if (detected === undefined) {
    throw fail('usage', `${folder} does not look like a Node.js application: no package.json with a start script was found`, {
      advice: 'Write .upsun/config.yaml by hand; docs/guide/manifest.md says what it may hold.',
    })
  }
  const path = join(folder, '.upsun', 'config.yaml')
  await writeFileAtomic(path, detected.yaml, 0o644)
  if (json === true) return print(JSON.stringify({ path, notes: detected.notes }))
  note(`Wrote ${path}.`)
  for (const line of detected.notes) note(`- ${line}`)
}
