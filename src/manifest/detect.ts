// Writes the first configuration of a Node.js project from what lies in its repository, for `friday init`.
import { lockfileIn, type PackageManager } from './detect/package-manager.ts'
import { nodeVersionFor } from './detect/node-version.ts'
import { readPackage, type Package } from './detect/package.ts'
import { servicesFor, type DetectedService } from './detect/services.ts'
import { isFile, type SourceTree } from './source/tree.ts'
import type { Support } from './support.ts'

export interface Detected {
  /** The text of `.upsun/config.yaml`. */
  readonly yaml: string
  /** What was found and what a person should look at; one sentence each. */
  readonly notes: readonly string[]
}

/** Undefined when there is no Node.js application at the root that this Friday could run. */
export function detectProject(tree: SourceTree, support: Support): Detected | undefined {
  const found = readPackage(tree)
  const version = nodeVersionFor(found, tree, support)
  if (found === undefined || version === undefined) return undefined
  const manager = lockfileIn(found, tree)
  const web = webOf(found, tree, manager)
  if (web === undefined) return undefined
  const services = servicesFor(found, support)
  const notes = [...version.notes, ...manager.notes, ...web.notes, ...services.map((service) => service.note)]
  return { yaml: `${[...header(), ...application(found, version.version, manager, web, services), ...rest(services)].join('\n')}\n`, notes }
}

interface WebLines {
  readonly lines: readonly string[]
  readonly notes: readonly string[]
}

const ENTRIES = ['server.js', 'server.mjs', 'index.js', 'index.mjs', 'app.js', 'app.mjs', 'main.js']
/** Folder that a builder of static sites writes to. */
const STATIC: Readonly<Record<string, string>> = {
  vite: 'dist',
  'react-scripts': 'build',
  '@11ty/eleventy': '_site',
  'gatsby-cli': 'public',
}

function webOf({ scripts, main, dependencies }: Package, tree: SourceTree, { run }: PackageManager): WebLines | undefined {
  const entry = [main, ...ENTRIES].find((file) => file !== undefined && isFile(tree, file))
  const start = scripts.has('start') ? run('start') : entry === undefined ? undefined : `node ${entry}`
  if (start !== undefined) {
    const lines = ['      commands:', '        # Must listen on the port in $PORT.', `        start: ${JSON.stringify(start)}`]
    return { lines, notes: [`It is started with "${start}" and has to listen on the port in $PORT.`] }
  }
  const builder = Object.keys(STATIC).find((name) => dependencies.has(name))
  if (builder === undefined || !scripts.has('build')) return undefined
  const root = STATIC[builder] ?? ''
  const lines = [
    '      locations:',
    '        "/":',
    `          root: ${root}`,
    '          index: [index.html]',
    '          passthru: "/index.html"',
  ]
  return { lines, notes: [`It is served as files from ${root}, where ${builder} puts them.`] }
}

function header(): string[] {
  return ['# What Friday builds, runs and serves. Every key is described in docs/guide/manifest.md.', 'applications:']
}

function application(
  found: Package,
  version: string,
  manager: PackageManager,
  web: WebLines,
  services: readonly DetectedService[],
): string[] {
  const running = services.filter((service) => service.version !== undefined)
  return [
    '  app:',
    `    type: "nodejs:${version}"`,
    ...manager.tools,
    '    build:',
    '      # The build hook installs the packages itself.',
    '      flavor: none',
    '    hooks:',
    '      # Runs once per version of the code; its result runs in every environment.',
    '      build: |',
    '        set -e',
    ...[manager.install, ...(found.scripts.has('build') ? [manager.run('build')] : [])].map((line) => `        ${line}`),
    ...deployHook(found, manager),
    ...(running.length === 0 ? [] : ['    relationships:', '      # Each becomes variables, such as DATABASE_URL.']),
    ...running.map(({ relationship, name }) => `      ${relationship}: ${JSON.stringify(name)}`),
    '    # Everything is read-only at run time, except such directories:',
    '    # mounts:',
    '    #   uploads:',
    '    #     source: storage',
    '    web:',
    ...web.lines,
  ]
}

function deployHook({ scripts }: Package, { run }: PackageManager): string[] {
  const migrate = ['migrate', 'db:migrate', 'migrations'].find((name) => scripts.has(name))
  if (migrate === undefined)
    return ['      # Migrations go here; when they fail, the deployment is undone:', '      # deploy: |', '      #   npm run migrate']
  return ['      # When this fails, the deployment is undone.', '      deploy: |', '        set -e', `        ${run(migrate)}`]
}

function rest(services: readonly DetectedService[]): string[] {
  const running = services.filter((service) => service.version !== undefined)
  const waiting = services.filter((service) => service.version === undefined)
  return [
    ...(running.length === 0 ? [] : ['', 'services:']),
    ...running.flatMap(({ name, type, version }) => [`  ${name}:`, `    type: "${type}:${version}"`]),
    ...waiting.map(({ note }) => `# ${note}`),
    '',
    'routes:',
    '  "https://{default}/":',
    '    type: upstream',
    '    upstream: "app:http"',
  ]
}
