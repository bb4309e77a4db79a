// Addresses: handed out once, reachable, given back.
import { expect, test } from 'vitest'
import { connect } from 'node:net'
import { lstat, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hostPath } from '#lib/location.ts'
import type { Endpoint } from '#engines/engine.ts'
import type { Bench } from './bench.ts'

export function networks(bench: () => Bench): void {
  test('an address is the same each time, also for a new control plane, until it is released', async () => {
    const web = await bench().engine.allocate('one', 'web')
    expect(await bench().engine.allocate('one', 'web')).toEqual(web)
    const odd = await bench().engine.allocate('one', 'constructor')
    expect(odd).not.toEqual(web)
    await bench().reopen()
    expect(await bench().engine.allocate('one', 'web')).toEqual(web)
    await bench().engine.release('one', 'web')
    await bench().engine.release('one', 'web')
    expect(await bench().engine.allocate('one', 'web')).not.toEqual(web)
  })

  test('two listeners with one standard port do not get in each other’s way', async () => {
    const [first, second] = [await bench().engine.allocate('one', 'db', 5432), await bench().engine.allocate('one', 'db-2', 5432)]
    expect(`${first.host}:${first.port}`).not.toBe(`${second.host}:${second.port}`)
    expect(await listens(first)).toBe('hello')
    expect(await listens(second)).toBe('hello')
  })

  test('an allocated address can be listened on and is reached from outside', async () => {
    expect(await listens(await bench().engine.allocate('one', 'app'))).toBe('hello')
  })

  test('an unknown network is an error', async () => {
    await expect(bench().engine.allocate('nowhere', 'web')).rejects.toMatchObject({ code: 'engine.no_network' })
    await expect(bench().engine.ensureNetwork({ id: '../x', outbound: 'open' })).rejects.toMatchObject({ code: 'engine.invalid' })
  })

  test('files given to a network can be written by its processes, and links are not followed', async () => {
    const root = join(bench().folder, bench().id('volume'))
    const outside = join(bench().folder, bench().id('outside'))
    await writeFile(outside, '')
    const before = await lstat(outside)
    await mkdir(join(root, 'deep'), { recursive: true })
    await writeFile(join(root, 'deep', 'file'), '')
    await symlink(outside, join(root, 'link'))
    await bench().engine.own('one', hostPath(root))
    await bench().engine.own('one', hostPath(root))
    expect((await lstat(outside)).uid).toBe(before.uid)
    const mounts = [{ source: hostPath(root), target: '/data', readonly: false }]
    const id = bench().id()
    const data = bench().engine.paths(id, mounts)('/data')
    expect(await bench().run(bench().shell(`echo more >> ${data}/deep/file && touch ${data}/deep/new`, { id, mounts }))).toMatchObject({
      exitCode: 0,
    })
  })

  test('a removed network takes its processes with it', async () => {
    const { engine } = bench()
    await engine.ensureNetwork({ id: 'short', outbound: 'open' })
    await engine.ensureNetwork({ id: 'short', outbound: 'sealed' })
    expect(await engine.networks()).toContain('short')
    const spec = bench().shell('exec sleep 1000', { network: 'short' })
    await engine.start(spec)
    await engine.removeNetwork('short')
    await engine.removeNetwork('short')
    expect(await engine.networks()).not.toContain('short')
    expect(await engine.status(spec.id)).toBeUndefined()
  })

  async function listens({ host, port }: Endpoint): Promise<string> {
    const script = `require('node:net').createServer((s) => s.end('hello')).listen(${port}, '${host}', () => console.log('up'))`
    const spec = bench().node(script)
    await bench().engine.start(spec)
    try {
      await bench().says(spec.id, 'up')
      return await read({ host, port })
    } finally {
      await bench().engine.stop(spec.id)
    }
  }
}

async function read({ host, port }: Endpoint): Promise<string> {
  const socket = connect({ host, port, timeout: 5000 })
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}
