// The store against a registry of our own on loopback: real HTTP, real archives.
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { execOk } from '#lib/exec.ts'
import { silentLog } from '#lib/log.ts'
import { createPackageStore, type PackageStore } from './store.ts'

let root: string
let server: Server
let registry: string
let requests: { url: string; status: number }[]
let tarball: Buffer
let integrity: string
let broken: boolean
let now: number

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'friday-registry-'))
  await chmod(root, 0o755)
  tarball = await archive(root)
  integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
  requests = []
  broken = false
  now = Date.now()
  server = createServer((request, response) => {
    const url = request.url ?? ''
    const [status, body] = answer(url, request.headers['if-none-match'])
    requests.push({ url, status })
    response.writeHead(status, { etag: '"one"' })
    response.end(status === 304 ? undefined : body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(root, { recursive: true, force: true })
})

test('versions are asked for once, revalidated by etag when old, and known offline', async () => {
  await using store = open()
  expect(await store.versions('@scope/tool')).toEqual(['1.0.0', '1.2.0', '1.10.0-beta.1'])
  expect((await store.resolve('@scope/tool', '1')).version).toBe('1.2.0')
  expect((await store.resolve('@scope/tool', '1', { prereleases: true })).version).toBe('1.10.0-beta.1')
  expect(requests).toEqual([{ url: '/@scope%2ftool', status: 200 }])

  now += 11 * 60_000
  await store.versions('@scope/tool')
  expect(requests.at(-1)).toEqual({ url: '/@scope%2ftool', status: 304 })
  expect(requests).toHaveLength(2)

  now += 11 * 60_000
  broken = true
  expect((await store.resolve('@scope/tool', '1')).version).toBe('1.2.0')
  await expect(store.versions('other')).rejects.toMatchObject({ code: 'registry.unreachable' })
})

test('what is not there is said', async () => {
  await using store = open()
  await expect(store.resolve('@scope/tool', '7')).rejects.toMatchObject({ code: 'registry.no_version' })
  await expect(store.versions('missing')).rejects.toMatchObject({ code: 'registry.no_package' })
})

test('a version is unpacked once, for everyone to read, also when many ask at the same time', async () => {
  const before = process.umask(0o077)
  try {
    await using store = open()
    const places = await Promise.all([1, 2, 3].map(() => store.install('@scope/tool', '1.2.0', integrity)))
    const again = await store.install('@scope/tool', '1.2.0', integrity)
    expect(new Set([...places, again].map(({ path }) => path)).size).toBe(1)
    expect(requests.filter(({ url }) => url.endsWith('.tgz'))).toHaveLength(1)

    const { path } = again
    expect(await readFile(join(path, 'lib', 'text'), 'utf8')).toBe('hello')
    const modes = await Promise.all(['', '..', 'lib', 'lib/text', 'run'].map(async (name) => (await stat(join(path, name))).mode & 0o777))
    expect(modes).toEqual([0o755, 0o755, 0o755, 0o644, 0o755])
    expect(await execOk([join(path, 'run')], process.getuid?.() === 0 ? { uid: 61_999, gid: 61_999 } : {})).toBe('ran\n')
  } finally {
    process.umask(before)
  }
})

test('bytes that are not the published ones are an error and leave nothing', async () => {
  await using store = open()
  await store.versions('@scope/tool')
  tarball = Buffer.concat([tarball, Buffer.from('x')])
  await expect(store.install('@scope/tool', '1.2.0', integrity)).rejects.toMatchObject({ code: 'registry.integrity' })
  expect(await readdir(join(root, 'store'))).toEqual(['.versions'])
})

test('a finish that fails leaves nothing either, and the next try succeeds', async () => {
  await using store = open()
  const finish = (folder: string) => writeFile(join(folder, 'finished'), '')
  await expect(store.install('@scope/tool', '1.2.0', integrity, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await readdir(join(root, 'store'))).toEqual([])
  const { path } = await store.install('@scope/tool', '1.2.0', integrity, finish)
  expect(await readdir(path)).toContain('finished')
})

test('two stores of one folder, as two control planes have, agree on one copy', async () => {
  await using one = open()
  await using other = open()
  const places = await Promise.all([one, other].map((store) => store.install('@scope/tool', '1.2.0', integrity)))
  expect(places[0]).toEqual(places[1])
  expect(await readdir(join(root, 'store'))).toHaveLength(1)
})

function open(): PackageStore {
  return createPackageStore({ folder: join(root, 'store'), registry, log: silentLog, clock: { now: () => now } })
}

function answer(url: string, etag: string | undefined): [number, string | Buffer] {
  if (broken) return [503, '']
  if (url.endsWith('.tgz')) return [200, tarball]
  if (url !== '/@scope%2ftool') return [404, '{}']
  if (etag === '"one"') return [304, '']
  const versions = ['1.0.0', '1.2.0', '1.10.0-beta.1'].map((version) => [version, { dist: { integrity } }])
  return [200, JSON.stringify({ versions: { ...Object.fromEntries(versions), '0.0.1': { dist: { shasum: 'too-old-for-sha512' } } } })]
}

async function archive(folder: string): Promise<Buffer> {
  const source = join(folder, 'package')
  await mkdir(join(source, 'lib'), { recursive: true, mode: 0o700 })
  await writeFile(join(source, 'lib', 'text'), 'hello', { mode: 0o600 })
  await writeFile(join(source, 'run'), '#!/bin/sh\necho ran\n', { mode: 0o700 })
  await execOk(['tar', '-czf', join(folder, 'package.tgz'), '-C', folder, 'package'])
  return await readFile(join(folder, 'package.tgz'))
}
