// The main job, end to end: push, branch, fail safely, pause, delete.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestFriday, type Checkout, type TestFriday } from './harness.ts'
import { notes } from './projects/notes.ts'

interface Shown {
  status: string
  urls: string[]
  release: { number: number; commit: string }
  data: { rows: number; ownBytes: number; sharedBytes: number; from: string }
  processes: { name: string; role: string; state: string }[]
}

let friday: TestFriday
let checkout: Checkout

const text = async (branch: string, path = '/') => (await friday.fetch(branch, 'notes', path)).body
const show = (branch: string) => friday.ask<Shown>('env', 'show', branch, '--project', 'notes')

beforeAll(async () => {
  friday = await startTestFriday()
  checkout = await friday.checkout('notes', notes)
})

afterAll(async () => {
  expect(await friday.end()).toEqual([])
})

describe('from a push to live environments', () => {
  test('the first push to main becomes production, shown as it happens', async () => {
    const push = await checkout.push('main')
    expect(push.stderr).toContain("remote: Building application 'notes'")
    expect(push.stderr).toMatch(/remote: +http:\/\/main\.notes\.localhost:\d+\/ is served by application `notes`/)
    expect(push.ok).toBe(true)
    expect(await text('main')).toBe('notes one')
    expect((await friday.fetch('main', 'notes', '/notes', { method: 'POST', body: 'from production' })).body).toBe('kept')
    expect((await friday.fetch('main', 'notes', '/')).headers['x-robots-tag']).toBeUndefined()
  })

  test('what the application sees is what the format documents', async () => {
    const seen = JSON.parse(await text('main', '/env')) as Record<string, string>
    expect(seen).toMatchObject({
      COLOR: 'blue',
      PLATFORM_BRANCH: 'main',
      PLATFORM_ENVIRONMENT_TYPE: 'production',
      PLATFORM_APPLICATION_NAME: 'notes',
      DATABASE_SCHEME: 'pgsql',
    })
    const relationships = JSON.parse(Buffer.from(seen['PLATFORM_RELATIONSHIPS'] ?? '', 'base64').toString()) as Record<
      string,
      { host: string }[]
    >
    expect(relationships['database']?.[0]?.host).toBe(seen['DATABASE_HOST'])
    expect(Object.keys(seen).filter((name) => name.startsWith('FRIDAY_'))).toEqual([])
  })

  test('a branch has its own address, its own release and its own clone of data and files', async () => {
    await friday.fetch('main', 'notes', '/file', { method: 'POST' })
    await checkout.git('checkout', '-q', '-b', 'feature/two')
    await checkout.commit({ 'server.js': notes['server.js']?.replace('notes one', 'notes two') })
    const push = await checkout.push('feature/two')
    expect(push.stderr).toContain('as a clone of main')
    expect(push.ok).toBe(true)
    const { urls, data } = await show('feature/two')
    const slug = new URL(urls[0] ?? '').hostname.split('.')[0] ?? ''
    expect(slug).toMatch(/^feature-two-/)
    expect(await text(slug)).toBe('notes two')
    expect(await text('main')).toBe('notes one')
    expect(await text(slug, '/notes')).toBe('["from production"]')
    expect(await text(slug, '/file')).toBe('x')
    await friday.fetch(slug, 'notes', '/notes', { method: 'POST', body: 'from the branch' })
    await friday.fetch(slug, 'notes', '/file', { method: 'POST' })
    expect(await text('main', '/notes')).toBe('["from production"]')
    expect(await text('main', '/file')).toBe('x')
    expect((await friday.fetch(slug, 'notes', '/')).headers['x-robots-tag']).toContain('noindex')
    expect(data.from).toContain('cloned from main')
    const [passwordMain, passwordBranch] = await Promise.all(
      ['main', slug].map(async (name) => (JSON.parse(await text(name, '/env')) as Record<string, string>)['DATABASE_PASSWORD']),
    )
    expect(passwordBranch).not.toBe(passwordMain)
  })

  test('an equal tree is not built again, in any environment', async () => {
    await checkout.git('checkout', '-q', '-b', 'same', 'main')
    const push = await checkout.push('same')
    expect(push.stderr).toContain('Reusing existing build for this tree ID')
    expect(push.ok).toBe(true)
  })

  test('diff names what differs and says alike for the rest', async () => {
    const { layers } = await friday.ask<{ layers: { layer: string; alike: boolean; changes: { sentence: string }[] }[] }>(
      'diff',
      'main',
      'feature/two',
      '--project',
      'notes',
    )
    const alike = Object.fromEntries(layers.map(({ layer, alike }) => [layer, alike]))
    expect(alike).toEqual({
      code: false,
      runtime: true,
      packages: true,
      config: true,
      network: true,
      services: true,
      schema: true,
      data: false,
    })
  })
})

describe('a failure leaves the old release serving and fails the push', () => {
  const cases: [string, Record<string, string>, RegExp][] = [
    [
      'a build',
      { '.upsun/config.yaml': notes['.upsun/config.yaml']?.replace('hooks:', 'hooks:\n      build: echo building; exit 7') ?? '' },
      /build hook.*exit code 7/,
    ],
    ['a deploy hook', { 'migrate.js': "console.log('migrating'); process.exit(3)" }, /deploy hook.*exit code 3/],
    ['a health check', { 'server.js': "throw new Error('no start today')" }, /not healthy/],
    [
      'a manifest',
      { '.upsun/config.yaml': notes['.upsun/config.yaml']?.replace('mounts:', 'mount:') ?? '' },
      /\.upsun\/config\.yaml:\d+:\d+: applications\.notes\.mount.*mounts/,
    ],
  ]
  test.each(cases)('%s', async (_, files, reason) => {
    await checkout.git('checkout', '-q', '-B', 'broken', 'main')
    const { release } = await show('main')
    await checkout.commit(files)
    const push = await checkout.push('broken:main')
    expect(push.ok).toBe(false)
    expect(push.stderr).toMatch(reason)
    expect(push.stderr).toMatch(/\[remote rejected\] broken -> main/)
    expect(await text('main')).toBe('notes one')
    expect((await show('main')).release).toEqual(release)
    expect((await checkout.git('ls-remote', 'friday', 'refs/heads/main')).stdout).toContain(release.commit)
    expect((await show('main')).processes.filter(({ role }) => role === 'web')).toHaveLength(1)
  })

  test('a new branch that fails leaves no environment', async () => {
    await checkout.git('checkout', '-q', '-B', 'stillborn', 'main')
    await checkout.commit({ 'server.js': 'process.exit(1)' })
    expect((await checkout.push('stillborn')).ok).toBe(false)
    const branches = (await friday.ask<{ branch: string }[]>('env', 'list', '--project', 'notes')).map(({ branch }) => branch)
    expect(branches).not.toContain('stillborn')
    expect((await checkout.git('ls-remote', 'friday')).stdout).not.toContain('stillborn')
  })
})

describe('the life of an environment', () => {
  test('pause keeps the data, resume brings it back', async () => {
    expect((await friday.friday('env', 'pause', 'same', '--project', 'notes')).ok).toBe(true)
    expect((await friday.fetch('same', 'notes', '/')).status).toBe(503)
    expect((await show('same')).processes).toEqual([])
    expect((await friday.friday('env', 'resume', 'same', '--project', 'notes')).ok).toBe(true)
    expect(await text('same', '/notes')).toBe('["from production"]')
  })

  test('exec runs in the application, with its view and nothing more', async () => {
    const result = await friday.friday(
      'exec',
      '--project',
      'notes',
      '--env',
      'main',
      '--',
      'sh',
      '-c',
      'id -u; cat /proc/1/comm; ls /app; exit 5',
    )
    expect(result.exitCode).toBe(5)
    expect(result.stdout).toContain('server.js')
  })

  test('a branch deleted in git takes its environment along; production refuses', async () => {
    expect((await checkout.push('--delete', 'same')).ok).toBe(true)
    expect((await friday.fetch('same', 'notes', '/')).status).toBe(404)
    const refused = await checkout.push('--delete', 'main')
    expect(refused.ok).toBe(false)
    expect(refused.stderr).toContain('production')
    expect(await text('main')).toBe('notes one')
  })

  test('a tag deploys nothing, a forced push deploys', async () => {
    const { release } = await show('main')
    await checkout.git('checkout', '-q', 'main')
    await checkout.git('tag', 'v1')
    expect((await checkout.push('v1')).ok).toBe(true)
    expect((await show('main')).release).toEqual(release)
    await checkout.git('commit', '-q', '--amend', '-m', 'Rewritten')
    expect((await checkout.push('main')).ok).toBe(false)
    expect((await checkout.push('--force', 'main')).ok).toBe(true)
    expect((await show('main')).release.number).toBe(release.number + 1)
  })
})
