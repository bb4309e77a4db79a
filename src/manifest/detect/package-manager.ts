// How a project's packages are installed, from its lockfile.
import { isFile, type SourceTree } from '#manifest/source/tree.ts'
import type { Package } from './package.ts'

export interface PackageManager {
  readonly install: string
  /** The command that runs a script of package.json. */
  readonly run: (script: string) => string
  /** Lines of the application that bring the program along. */
  readonly tools: readonly string[]
  readonly notes: readonly string[]
}

export function lockfileIn(found: Package, tree: SourceTree): PackageManager {
  const pinned = /^(yarn|pnpm)@(\d+(?:\.\d+){0,2})/.exec(found.packageManager ?? '')
  const version = (name: string, preset: string) => (pinned?.[1] === name ? (pinned[2] ?? preset) : preset)
  if (isFile(tree, 'pnpm-lock.yaml')) return other('pnpm', 'pnpm', version('pnpm', '^10'), 'pnpm install --frozen-lockfile')
  if (isFile(tree, 'yarn.lock')) {
    const yarn = version('yarn', '^1.22')
    return /^\^?1(?:\.|$)/.test(yarn)
      ? other('yarn', 'yarn', yarn, 'yarn install --frozen-lockfile')
      : other('yarn', '@yarnpkg/cli-dist', yarn, 'yarn install --immutable')
  }
  const locked = isFile(tree, 'package-lock.json') || isFile(tree, 'npm-shrinkwrap.json')
  const notes = ['There is no lockfile: two builds may get different packages. `npm install` writes one to commit.']
  return { install: locked ? 'npm ci' : 'npm install', run: (script) => npm(script), tools: [], notes: locked ? [] : notes }
}

function npm(script: string): string {
  return script === 'start' ? 'npm start' : `npm run ${script}`
}

function other(program: string, name: string, version: string, install: string): PackageManager {
  const tools = ['    dependencies:', '      nodejs:', `        ${JSON.stringify(name)}: ${JSON.stringify(version)}`]
  return { install, run: (script) => `${program} run ${script}`, tools, notes: [] }
}
