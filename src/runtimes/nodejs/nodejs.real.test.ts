// Node.js as published: fetched from the registry, run from its mount by a user without rights.
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Mount } from '#engines/engine.ts'
import { execOk } from '#lib/exec.ts'
import { silentLog } from '#lib/log.ts'
import { createPackageStore, type PackageStore } from '#registry/store.ts'
import { createNodejs } from './nodejs.ts'

const user = process.getuid?.() === 0 ? { uid: 61_998, gid: 61_998 } : undefined
// What an engine adds: a machine may trust authorities that Node.js does not bring along.
const trust = { NODE_EXTRA_CA_CERTS: '/etc/ssl/certs/ca-certificates.crt' }
let root: string
let store: PackageStore

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'friday-nodejs-'))
  await chmod(root, 0o755)
  store = createPackageStore({ folder: join(root, 'store'), log: silentLog })
})

afterAll(async () => {
  await store[Symbol.asyncDispose]()
  await rm(root, { recursive: true, force: true })
})

test.each([
  ['22', '10'],
  ['26', '11'],
])('Node.js %s with npm %s: resolved, installed, and a build of an application with it', async (major, npm) => {
  const nodejs = createNodejs({ store, cacheFolder: '/cache' })
  const runtime = await nodejs.resolve(major)
  expect(runtime).toMatchObject({ name: 'nodejs', integrity: expect.stringMatching(/^sha512-/) })
  const [mount] = await nodejs.install(runtime)
  const app = await folderOf('app')
  const at = viewOf(mount as Mount, app, await folderOf('cache'))
  const env = { ...nodejs.environment(at, 'build'), HOME: await folderOf('home'), ...trust }
  const run = (script: string) => execOk(['/bin/sh', '-c', script], { cwd: app, env, ...user, timeoutMs: 110_000 })

  expect(await run('node --version')).toBe(`v${runtime.version}\n`)
  expect(await run('npm --version; npx --version')).toMatch(new RegExp(`^${npm}\\.\\d+\\.\\d+\\n${npm}\\.`))
  expect(await run('yarn --version; pnpm --version')).toMatch(/^1\.22\.\d+\n10\.\d+\.\d+\n$/)

  await writeFile(
    join(app, 'package.json'),
    JSON.stringify({
      name: 'it',
      version: '1.0.0',
      scripts: { headers: 'ls "$npm_package_config_node_gyp_nodedir/include/node/node.h"' },
      dependencies: { ms: '2.1.2', debug: '4.3.4' },
    }),
  )
  const flavor = { flavor: undefined, has: (file: string) => file === 'package.json' }
  const output: string[] = []
  for (const { script } of nodejs.buildCommands({ ...flavor, dependencies: { cowsay: '~1.6', semver: '>=7 <8' } })) {
    output.push(await run(`( ${script}\n) 2>&1`))
  }
  expect(output.join('')).not.toMatch(/warn|notice|fund|audit/i)
  expect(await run('semver 1.2.3; command -v cowsay')).toBe(`1.2.3\n${app}/.global/bin/cowsay\n`)
  expect(await run('npm run --silent headers')).toContain('/include/node/node.h')
  expect(await nodejs.packages(app)).toMatchObject({ ms: '2.1.2', debug: '4.3.4', '.global > semver': expect.stringMatching(/^7\./) })

  // Once more over what is there, now with a settings file of the project, as a committed node_modules would be.
  await writeFile(join(app, '.npmrc'), 'save-exact=true\n')
  await rm(join(app, 'node_modules', 'ms'), { recursive: true })
  for (const { script } of nodejs.buildCommands({ ...flavor, dependencies: {} })) await run(script)
  expect(JSON.parse(await readFile(join(app, 'node_modules', 'ms', 'package.json'), 'utf8'))).toMatchObject({ version: '2.1.2' })
})

test('pnpm and yarn, called by a hook, leave packages that are read from the tree', async () => {
  const nodejs = createNodejs({ store, cacheFolder: '/cache' })
  const [mount] = await nodejs.install(await nodejs.resolve('22'))
  for (const tool of ['pnpm install --no-frozen-lockfile', 'yarn install --non-interactive']) {
    const app = await folderOf('hook')
    const at = viewOf(mount as Mount, app, await folderOf('cache'))
    await writeFile(
      join(app, 'package.json'),
      JSON.stringify({ name: 'it', version: '1.0.0', dependencies: { ms: '2.1.3', debug: '4.3.4' } }),
    )
    const env = { ...nodejs.environment(at, 'build'), HOME: await folderOf('home'), ...trust }
    await execOk(['/bin/sh', '-c', tool], { cwd: app, env, ...user, timeoutMs: 110_000 })
    const packages = await nodejs.packages(app)
    expect(packages['debug']).toBe('4.3.4')
    // debug brings 2.1.2 of its own: beside the other in pnpm's store, below debug in yarn's tree.
    expect(`${packages['ms']} ${packages['debug > ms']}`).toBe(tool.startsWith('pnpm') ? '2.1.2, 2.1.3 undefined' : '2.1.3 2.1.2')
  }
})

test('what was never published is refused in words', async () => {
  const nodejs = createNodejs({ store })
  await expect(nodejs.resolve('22.999')).rejects.toMatchObject({ code: 'nodejs.version', message: expect.stringContaining('22.999') })
  await expect(nodejs.resolve('12')).rejects.toMatchObject({ code: 'nodejs.version' })
})

/** Inside paths to where they lie here, as an engine without a root of its own would say. */
function viewOf(mount: Mount, app: string, cache: string): (inside: string) => string {
  const places = { '/app': app, '/cache': cache, [mount.target]: mount.source.path }
  return (inside) => {
    const place = Object.entries(places).find(([target]) => inside === target || inside.startsWith(`${target}/`))
    return place === undefined ? inside : inside.replace(place[0], place[1])
  }
}

async function folderOf(name: string): Promise<string> {
  const folder = join(root, `${name}-${Math.random().toString(36).slice(2)}`)
  await mkdir(folder)
  if (user !== undefined) await chown(folder, user.uid, user.gid)
  return folder
}
