// Making, reading, writing out, moving and keeping: repositories without their HTTP side.
import { execOk } from '#lib/exec.ts'
import { lstat, mkdir, readdir, readFile, readlink, symlink, chmod, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newClient, startHarness, type Client, type Harness } from './harness.suite.ts'

let friday: Harness
let client: Client

beforeEach(async () => {
  friday = await startHarness()
  client = await newClient(friday.root)
})

afterEach(async () => {
  await friday[Symbol.asyncDispose]()
})

async function pushed(files: Record<string, string | Uint8Array>): Promise<string> {
  const commit = await client.commit(files)
  await client.ok('push', '-q', '--force', friday.url, 'HEAD:main')
  return commit
}

test('create may be called again, and changes HEAD only when told', async () => {
  const { repositories } = friday
  await repositories.create('p2', { defaultBranch: 'trunk' })
  await repositories.create('p2')
  expect(await readFile(join(repositories.git.pathOf('p2'), 'HEAD'), 'utf8')).toBe('ref: refs/heads/trunk\n')
  await repositories.create('p2', { defaultBranch: 'main' })
  expect(await readFile(join(repositories.git.pathOf('p2'), 'HEAD'), 'utf8')).toBe('ref: refs/heads/main\n')
  expect((await repositories.git.text('p2', ['config', 'receive.procReceiveRefs'])).trim()).toBe('refs')
  await repositories.remove('p2')
  await repositories.remove('p2')
  expect(await repositories.has('p2')).toBe(false)
  expect(await readdir(repositories.git.home.trash)).toEqual([])
  for (const id of ['../p1', '', '-x', 'a/b', 'a\nb']) await expect(repositories.create(id)).rejects.toMatchObject({ code: 'git.bad_id' })
  await expect(repositories.create('p3', { defaultBranch: '--help' })).rejects.toMatchObject({ code: 'git.bad_ref' })
})

test('revisions become commits, a branch before a tag of its name; tricks become nothing', async () => {
  const first = await pushed({ a: '1' })
  const second = await pushed({ a: '2' })
  await client.ok('push', '-q', friday.url, `${first}:refs/tags/main`)
  const { repositories } = friday
  expect(await repositories.resolve('p1', 'main')).toBe(second)
  expect(await repositories.resolve('p1', 'refs/tags/main')).toBe(first)
  expect(await repositories.resolve('p1', 'main~1')).toBe(first)
  expect(await repositories.resolve('p1', second.slice(0, 8))).toBe(second)
  for (const revision of ['nope', '', '--all', ':/A change', 'main@{0}', 'main:a', 'main..main', 'a\nmain', '0'.repeat(40), '$(id)']) {
    await expect(repositories.resolve('p1', revision), revision).rejects.toMatchObject({ code: 'git.unknown_revision', status: 404 })
  }
})

test('a commit tells who, when and what', async () => {
  const first = await pushed({ a: '1' })
  await client.ok('commit', '-q', '--allow-empty', '-m', 'Ünïcode "subject"\n\nBody', '--author=Grace Hopper <grace@example.com>')
  await client.ok('push', '-q', friday.url, 'main')
  const sha = (await client.ok('rev-parse', 'HEAD')).trim()
  expect(await friday.repositories.commitInfo('p1', sha)).toEqual({
    sha,
    tree: (await client.ok('rev-parse', 'HEAD^{tree}')).trim(),
    parents: [first],
    author: { name: 'Grace Hopper', email: 'grace@example.com' },
    committer: { name: 'Ada Lovelace', email: 'ada@example.com' },
    date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)$/),
    subject: 'Ünïcode "subject"',
  })
})

test('the tree of a folder is named by what is in it', async () => {
  const commit = await pushed({ 'apps/a/x': '1', 'apps/b/x': '1', file: '1' })
  const { repositories } = friday
  expect(await repositories.treeOf('p1', commit, 'apps/a')).toBe(await repositories.treeOf('p1', commit, './apps/b/'))
  expect(await repositories.treeOf('p1', commit)).toBe((await client.ok('rev-parse', 'HEAD^{tree}')).trim())
  for (const path of ['nope', 'file', '../x', '/apps', 'apps/../apps', 'apps\nx']) {
    await expect(repositories.treeOf('p1', commit, path), path).rejects.toMatchObject({ code: 'git.unknown_path' })
  }
})

test('configuration is read without waiting; what is not loaded says why', async () => {
  await mkdir(join(client.folder, 'web'), { recursive: true })
  await symlink('/etc/passwd', join(client.folder, 'web/link.yaml'))
  const commit = await pushed({
    '.upsun/config.yaml': 'a: 1\n',
    '.upsun/include/notes.md': 'text',
    'web/.platform.app.yaml': 'name: web\n',
    'web/package.json': '{}',
    'web/package-lock.json': 'x'.repeat(300 * 1024),
    'web/code.js': 'code',
    'web/node_modules/m/package.json': '{"name":"m"}',
    'empty.yaml': '',
    'ünïcode name.yml': 'u: 1\n',
  })
  const tree = await friday.repositories.readTree('p1', commit)
  const text = (path: string) => Buffer.from(tree.read(path) ?? 'none').toString()
  expect(text('.upsun/config.yaml')).toBe('a: 1\n')
  expect(text('./.upsun/include/notes.md')).toBe('text')
  expect(text('web/.platform.app.yaml')).toBe('name: web\n')
  expect(text('empty.yaml')).toBe('')
  expect(text('ünïcode name.yml')).toBe('u: 1\n')
  expect(tree.read('nope.yaml')).toBeUndefined()
  expect(tree.read('web')).toBeUndefined()
  expect(tree.read('web/link.yaml')).toBeUndefined()
  expect(tree.read('../x.yaml')).toBeUndefined()
  for (const path of ['web/code.js', 'web/package-lock.json']) expect(() => tree.read(path)).toThrow(path)
  expect(tree.list('web')).toEqual([
    { name: '.platform.app.yaml', kind: 'file' },
    { name: 'code.js', kind: 'file' },
    { name: 'link.yaml', kind: 'other' },
    { name: 'node_modules', kind: 'directory' },
    { name: 'package-lock.json', kind: 'file' },
    { name: 'package.json', kind: 'file' },
  ])
  expect(tree.list('').map(({ name }) => name)).toEqual(['.upsun', 'empty.yaml', 'web', 'ünïcode name.yml'])
  expect(tree.list('nope')).toEqual([])
  expect(tree.list('../x')).toEqual([])
  const one = await friday.repositories.readTree('p1', commit, (path) => path === 'web/code.js')
  expect(Buffer.from(one.read('web/code.js') ?? []).toString()).toBe('code')
})

test('a tree is written out as it was pushed: bits, links, bytes; attributes are not applied', async () => {
  await mkdir(join(client.folder, 'bin'), { recursive: true })
  await symlink('../../../../etc', join(client.folder, 'bin/out'))
  await client.commit({
    'bin/run': '#!/bin/sh\n',
    '.gitattributes': '*.md export-ignore\n*.txt eol=crlf\nid ident\n',
    'a.md': 'm',
    'b.txt': 'x\ny\n',
    id: '$Id$\n',
  })
  await chmod(join(client.folder, 'bin/run'), 0o755)
  const commit = await pushed({ 'sub/deep/file': 'z' })
  const out = join(friday.root, 'out')
  await friday.repositories.exportTree('p1', commit, out, { uid: 12_345, gid: 12_346 })
  expect(await readFile(join(out, 'b.txt'), 'utf8')).toBe('x\ny\n')
  expect(await readFile(join(out, 'id'), 'utf8')).toBe('$Id$\n')
  expect(await readFile(join(out, 'a.md'), 'utf8')).toBe('m')
  expect((await stat(join(out, 'bin/run'))).mode & 0o777).toBe(0o755)
  expect(await stat(join(out, 'sub/deep/file'))).toMatchObject({ uid: 12_345, gid: 12_346, mode: 0o100_644 })
  expect(await readlink(join(out, 'bin/out'))).toBe('../../../../etc')
  expect(await lstat(join(out, 'bin/out'))).toMatchObject({ uid: 12_345 })
  expect((await readdir(friday.repositories.git.pathOf('p1'))).filter((name) => name.startsWith('export-'))).toEqual([])
  await expect(friday.repositories.exportTree('p1', commit, out)).rejects.toThrow('not empty')
  const sub = join(friday.root, 'sub')
  await friday.repositories.exportTree('p1', await friday.repositories.treeOf('p1', commit, 'sub'), sub)
  expect(await readdir(sub)).toEqual(['deep'])
  await expect(friday.repositories.exportTree('p1', commit, join(friday.root, 'small'), { maxBytes: 10 })).rejects.toMatchObject({
    code: 'git.too_large',
  })
})

test('a submodule is named, not silently left out', async () => {
  const commit = await client.commit({ a: '1' })
  await client.ok('update-index', '--add', '--cacheinfo', `160000,${commit},vendor/lib`)
  await client.ok('commit', '-q', '-m', 'Submodule')
  await client.ok('push', '-q', friday.url, 'main')
  const head = await friday.repositories.resolve('p1', 'main')
  await expect(friday.repositories.exportTree('p1', head, join(friday.root, 'out'))).rejects.toThrow('vendor/lib')
  expect((await friday.repositories.readTree('p1', head)).list('vendor')).toEqual([{ name: 'lib', kind: 'other' }])
})

test('trees that would write elsewhere are refused when they are pushed', async () => {
  const blob = (await execOk(['git', 'hash-object', '-w', '--stdin'], { cwd: client.folder, env: client.env, input: 'evil' })).trim()
  for (const name of ['..', '.git', '.GIT']) {
    const raw = Buffer.concat([Buffer.from(`100644 ${name}\0`), Buffer.from(blob, 'hex')])
    const write = ['git', 'hash-object', '-w', '-t', 'tree', '--literally', '--stdin'] as const
    const tree = (await execOk([...write], { cwd: client.folder, env: client.env, input: raw })).trim()
    const commit = (await client.ok('commit-tree', '-m', 'Evil', tree)).trim()
    const result = await client.git('push', friday.url, `${commit}:refs/heads/evil`)
    expect(result.exitCode, name).not.toBe(0)
    expect(result.stderr, name).toMatch(/hasDot(?:dot|git)/i)
  }
  expect(await friday.repositories.listBranches('p1')).toEqual([])
})

test('a ref moves only from where it was said to be', async () => {
  const first = await pushed({ a: '1' })
  const second = await pushed({ a: '2' })
  const { repositories } = friday
  await expect(repositories.updateRef('p1', 'refs/heads/main', first, first)).rejects.toMatchObject({ code: 'git.ref_moved', status: 409 })
  await expect(repositories.updateRef('p1', 'refs/heads/main', first, undefined)).rejects.toMatchObject({ code: 'git.ref_moved' })
  await repositories.updateRef('p1', 'refs/heads/main', first, second)
  await repositories.updateRef('p1', 'refs/heads/x/y', first, undefined)
  await expect(repositories.updateRef('p1', 'refs/heads/x', first, undefined)).rejects.toMatchObject({ code: 'git.ref_refused' })
  await expect(repositories.updateRef('p1', 'refs/heads/new', first, second)).rejects.toMatchObject({ code: 'git.ref_moved' })
  await expect(
    repositories.updateRefs('p1', [
      { ref: 'refs/heads/both', to: first, from: undefined },
      { ref: 'refs/heads/main', to: second, from: second },
    ]),
  ).rejects.toMatchObject({ code: 'git.ref_moved' })
  expect(await repositories.listBranches('p1')).toEqual([
    { name: 'main', sha: first },
    { name: 'x/y', sha: first },
  ])
  await expect(repositories.deleteRef('p1', 'refs/heads/main', second)).rejects.toMatchObject({ code: 'git.ref_moved' })
  await repositories.deleteRef('p1', 'refs/heads/main', first)
  await repositories.deleteRef('p1', 'refs/heads/main')
  for (const ref of ['refs/heads/../x', 'HEAD', 'refs/heads/a\0b', 'refs/heads/-x']) {
    await expect(repositories.updateRef('p1', ref, first, undefined)).rejects.toMatchObject({ code: 'git.bad_ref' })
  }
  await expect(repositories.updateRef('p1', 'refs/heads/z', 'main', undefined)).rejects.toMatchObject({ code: 'git.unknown_revision' })
})

test('maintenance keeps what a ref names and drops incoming refs that are two weeks old', async () => {
  const first = await pushed({ a: '1' })
  const { repositories } = friday
  const old = `refs/friday/incoming/${Date.now() - 15 * 24 * 3600 * 1000}-aaaa/0`
  const young = `refs/friday/incoming/${Date.now()}-bbbb/0`
  await repositories.updateRef('p1', old, first, undefined)
  await repositories.updateRef('p1', young, first, undefined)
  await repositories.keep('p1', 'releases/r1', first)
  await repositories.keep('p1', 'releases/r2', first)
  await repositories.unkeep('p1', 'releases/r2')
  await repositories.deleteRef('p1', 'refs/heads/main')
  await repositories.maintain('p1')
  expect(await repositories.listRefs('p1', 'refs')).toEqual([
    { ref: young, sha: first },
    { ref: 'refs/friday/releases/r1', sha: first },
  ])
  expect(await repositories.resolve('p1', first)).toBe(first)
})
