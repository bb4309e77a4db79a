// The very programs that Friday runs, from its package store: so that what is done by hand is done with the same.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestFriday } from '../test/harness.ts'

/** Folder of node, npm and their kin. */
export async function nodeFolder(friday: TestFriday): Promise<string> {
  return join(await packageFolder(friday, (name) => name.startsWith('nodejs')), 'bin')
}

export async function postgresFile(friday: TestFriday, major: string): Promise<string> {
  return join(await packageFolder(friday, (name) => name.includes('postgres') && name.includes(`@${major}.`)), 'native', 'bin', 'postgres')
}

async function packageFolder(friday: TestFriday, choose: (name: string) => boolean): Promise<string> {
  const packages = join(friday.env['FRIDAY_DATA'] ?? '', 'packages')
  const found = (await readdir(packages)).find(choose)
  if (found === undefined) throw new Error(`${packages} has no such package`)
  return join(packages, found)
}
