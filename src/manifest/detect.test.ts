import { expect, test } from 'vitest'
import { detectProject } from './detect.ts'
import { formatProblem } from './problems.ts'
import { readManifest } from './read.ts'
import { SUPPORT, treeOf } from './tree.suite.ts'

/** What is detected, once it is proven that the reader takes it without a word. */
function detect(manifest: unknown, files: Record<string, string> = {}) {
  const tree = { 'package.json': typeof manifest === 'string' ? manifest : JSON.stringify(manifest), ...files }
  const found = detectProject(treeOf(tree), SUPPORT)
  if (found === undefined) return undefined
  const result = readManifest(treeOf({ ...tree, '.upsun/config.yaml': found.yaml }), SUPPORT)
  if (!result.ok) throw new Error(`${found.yaml}\n${result.problems.map(formatProblem).join('\n')}`)
  expect(result.warnings).toEqual([])
  const [application] = result.project.applications
  return { ...found, project: result.project, application }
}

const START = { scripts: { start: 'node server.js' } }

test('an application with a start script, a lockfile, a database and migrations', () => {
  const found = detect(
    { scripts: { start: 'x', build: 'x', migrate: 'x' }, dependencies: { pg: '8', ioredis: '5' }, engines: { node: '>=20' } },
    { 'package-lock.json': '{}' },
  )
  expect(found?.application).toMatchObject({
    type: { runtime: 'nodejs', version: '24' },
    build: { flavor: 'none' },
    hooks: { build: 'set -e\nnpm ci\nnpm run build\n', deploy: 'set -e\nnpm run migrate\n' },
    relationships: [{ name: 'database', service: 'postgresql', endpoint: 'postgresql' }],
    web: { commands: { start: 'npm start' } },
  })
  expect(found?.project.services).toMatchObject([{ type: 'postgresql', version: '17' }])
  expect(found?.yaml).toContain('# The package ioredis talks to redis, which Friday does not run yet.')
  expect(found?.notes).toHaveLength(4)
})

test.each([
  ['npm without a lockfile', START, {}, 'npm install', 'npm start'],
  ['yarn', START, { 'yarn.lock': '' }, 'yarn install --frozen-lockfile', 'yarn run start'],
  ['a newer yarn', { ...START, packageManager: 'yarn@4.1.0' }, { 'yarn.lock': '' }, 'yarn install --immutable', 'yarn run start'],
  [
    'pnpm',
    { ...START, packageManager: 'pnpm@9.1.0+sha512.abc' },
    { 'pnpm-lock.yaml': '' },
    'pnpm install --frozen-lockfile',
    'pnpm run start',
  ],
  ['an entry file', {}, { 'server.js': '' }, 'npm install', 'node server.js'],
  ['main', { main: './src/index.js' }, { 'src/index.js': '' }, 'npm install', 'node src/index.js'],
])('%s', (_, manifest, files, install, start) => {
  const { application } = detect(manifest, files) ?? {}
  expect(application?.hooks.build).toContain(install)
  expect(application?.web?.commands.start).toBe(start)
})

test('a static site', () => {
  const { application } = detect({ scripts: { build: 'vite build' }, devDependencies: { vite: '7' } }) ?? {}
  expect(application?.web).toMatchObject({ commands: { start: undefined }, locations: [{ root: 'dist', passthru: '/index.html' }] })
})

test.each([
  [{ engines: { node: '22' } }, {}, '22'],
  [{ engines: { node: '^20.1.0 || ^22' } }, {}, '22'],
  [{ engines: { node: '>=18 <23' } }, {}, '22'],
  [{ engines: { node: '20 - 21' } }, {}, '20'],
  [{ engines: { node: '26.x' } }, {}, '26'],
  [{ engines: { node: '16' } }, {}, '24'],
  [{ engines: { node: 'lts/*' } }, {}, '24'],
  [{}, { '.nvmrc': 'v20.11.0\n' }, '20'],
  [{}, {}, '24'],
])('%j with %j gets Node.js %s', (manifest, files, version) => {
  expect(detect({ ...START, ...manifest }, files)?.application?.type.version).toBe(version)
})

test.each([
  ['no package.json that can be read', '{'],
  ['a list', '[]'],
  ['nothing to start', { name: 'library' }],
  ['a main that is a command', { main: 'x; rm -rf /' }],
])('%s is no application', (_, manifest) => expect(detect(manifest)).toBeUndefined())

test('what a repository says never becomes a line of its own', () => {
  const found = detect({ ...START, packageManager: 'pnpm@1\n    evil: 1', engines: { node: '22"\n#\n"' } }, { 'pnpm-lock.yaml': '' })
  expect(found?.yaml).not.toContain('evil')
})

test('without a wish the last settled line with long-term support is used, never an odd one', () => {
  const runtimes = { nodejs: ['27', '26', '25', '24'] }
  expect(detectProject(treeOf({ 'package.json': JSON.stringify(START) }), { ...SUPPORT, runtimes })?.yaml).toContain('nodejs:24')
})
