import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { nodejsBuildCommands } from './commands.ts'
import { installedPackages } from './packages.ts'
import { toolsFor } from './tools.ts'

const none = () => false
const all = () => true

test('each Node.js gets an npm that supports it', () => {
  const npm = (node: string) => toolsFor(node)[0]?.version.split('.')[0]
  expect(['18.0.0', '18.16.1', '18.17.0', '19.9.0', '20.0.0', '20.5.0', '22.0.0', '23.11.1', '24.0.0', '26.1.0'].map(npm)).toEqual([
    '9',
    '9',
    '10',
    '9',
    '9',
    '10',
    '10',
    '10',
    '11',
    '11',
  ])
})

test('the default flavor installs with npm when there is something to install', () => {
  const scripts = (flavor: string | undefined, has: () => boolean) =>
    nodejsBuildCommands({ flavor, has, dependencies: {} }).map(({ script }) => script)
  expect(scripts(undefined, all)).toEqual(scripts('default', all))
  expect(scripts(undefined, all).join()).toContain('npm install --userconfig .npmrc')
  expect(scripts('none', all)).toEqual([])
  expect(scripts(undefined, none)).toEqual([])
  expect(() => scripts('composer', all)).toThrow(/build\.flavor is "composer"/)
})

test('global tools are words of a shell, whatever the project wrote', () => {
  const script = (dependencies: Record<string, string>) => nodejsBuildCommands({ flavor: 'none', has: none, dependencies })[0]?.script
  expect(script({ typescript: '^5.6', '@scope/tool': '>=1 <2 || 3.x', latest: '' })).toBe(
    `npm install --global --prefix "$PWD/.global" -- 'typescript@^5.6' '@scope/tool@>=1 <2 || 3.x' 'latest'`,
  )
  for (const name of ["a'; id; '", '../x', '-g', '--prefix=/', 'a b', '@x', '']) {
    expect(() => script({ [name]: '1' }), name).toThrow(/expected an npm package name/)
  }
  for (const constraint of ["1'; id; '", '$(id)', '`id`', '1\n2', '1\\']) {
    expect(() => script({ a: constraint }), constraint).toThrow(/expected a version constraint/)
  }
})

test('packages are what node_modules holds', async () => {
  const app = await mkdtemp(join(tmpdir(), 'friday-packages-'))
  const put = async (path: string, content: string) => {
    await mkdir(dirname(join(app, path)), { recursive: true })
    await writeFile(join(app, path), content)
  }
  const install = (path: string, version: string) => put(`${path}/package.json`, JSON.stringify({ version }))
  try {
    expect(await installedPackages(app)).toEqual({})

    await install('node_modules/a', '1.0.0')
    await install('node_modules/@s/b', '2.0.0')
    await install('node_modules/a/node_modules/c', '3.0.0')
    await put('node_modules/broken/package.json', '{')
    await install('.global/lib/node_modules/tool', '9.0.0')
    expect(await installedPackages(app)).toEqual({ a: '1.0.0', '@s/b': '2.0.0', 'a > c': '3.0.0', '.global > tool': '9.0.0' })

    await rm(join(app, 'node_modules/broken'), { recursive: true })
    await install('packages/w', '0.1.0')
    await symlink('../packages/w', join(app, 'node_modules/w'))
    const record = {
      'node_modules/a': { version: '1.0.1' },
      'node_modules/a/node_modules/c': { version: '3.0.1' },
      'node_modules/@s/b': { version: '2.0.1' },
      'node_modules/w': { resolved: 'packages/w', link: true },
      'packages/w': { version: '0.1.1' },
      'packages/w/node_modules/d': { version: '4.0.1' },
    }
    await put('node_modules/.package-lock.json', JSON.stringify({ packages: record }))
    const fromRecord = { a: '1.0.1', '@s/b': '2.0.1', 'a > c': '3.0.1', w: '0.1.1', 'packages/w > d': '4.0.1', '.global > tool': '9.0.0' }
    expect(await installedPackages(app)).toEqual(fromRecord)

    await install('node_modules/later', '5.0.0')
    expect(await installedPackages(app)).toMatchObject({ a: '1.0.0', later: '5.0.0', w: '0.1.0' })
  } finally {
    await rm(app, { recursive: true, force: true })
  }
})
