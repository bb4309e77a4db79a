import { describe, expect, test } from 'vitest'
import type { Leaf } from '#systems/canonical.ts'
import type { Change } from '#systems/change.ts'
import { diff } from '#systems/diff.ts'
import type { LayerName } from '#systems/layers.ts'
import { buildSystem, type LayerInputs } from '#systems/system.ts'
import { sentence, summarise } from './sentence.ts'

function changed(layer: LayerName, path: string[], before: Leaf, after: Leaf): Change {
  return { layer, path, kind: 'changed', before, after }
}
function added(layer: LayerName, path: string[], after: Leaf): Change {
  return { layer, path, kind: 'added', after }
}
function removed(layer: LayerName, path: string[], before: Leaf): Change {
  return { layer, path, kind: 'removed', before }
}

test.each<[Change, string]>([
  [changed('code', ['web', 'commit'], 'a1b2c3d4e5f6a1b2', 'f6e5d4c3b2a1f6e5'), 'web: commit a1b2c3d → f6e5d4c'],
  [changed('code', ['web', 'tree'], 'a1b2c3d4e5f6a1b2', 'f6e5d4c3b2a1f6e5'), 'web: source files changed (tree a1b2c3d → f6e5d4c)'],
  [changed('code', ['web', 'root'], 'apps/a', 'apps/b'), 'web: source root apps/a → apps/b'],
  [changed('runtime', ['web', 'nodejs', 'version'], '22.20.0', '22.23.3'), 'web: nodejs 22.20.0 → 22.23.3'],
  [added('runtime', ['web', 'nodejs', 'version'], '22.23.3'), 'web: nodejs 22.23.3 added'],
  [changed('runtime', ['web', 'nodejs', 'integrity'], 'sha512-a', 'sha512-b'), 'web: nodejs is another program under the same version'],
  [added('runtime', ['web', 'php', 'extensions', 'redis'], '6.0'), 'web: php extension redis added (6.0)'],
  [changed('packages', ['web', 'npm', 'express'], '4.18.2', '4.19.0'), 'web: express 4.18.2 → 4.19.0'],
  [added('packages', ['web', 'npm', '@scope/a'], '1.0.0'), 'web: @scope/a 1.0.0 added'],
  [removed('packages', ['web', 'npm', 'express > debug'], '2.6.9'), 'web: debug (in express) 2.6.9 removed'],
  [changed('config', ['web', 'variables', 'LOG_LEVEL'], 'info', 'debug'), 'web: variable LOG_LEVEL changed'],
  [added('config', ['web', 'hooks', 'post_deploy'], 'sh -c x'), 'web: post deploy hook added'],
  [changed('config', ['web', 'web', 'commands', 'start'], 'a', 'b'), 'web: start command changed'],
  [changed('config', ['web', 'crons', 'tidy', 'spec'], '0 1 * * *', '0 2 * * *'), 'web: cron tidy: spec 0 1 * * * → 0 2 * * *'],
  [changed('config', ['web', 'crons', 'tidy', 'commands', 'start'], 'a', 'b'), 'web: cron tidy: start command changed'],
  [removed('config', ['web', 'mounts', 'uploads', 'source'], 'storage'), 'web: mount uploads removed'],
  [added('config', ['web', 'mounts', 'uploads', 'source_path'], 'x'), 'web: mount uploads: source path added (x)'],
  [changed('config', ['web', 'resources', 'memory'], 256, 512), 'web: memory 256 → 512'],
  [changed('network', ['routes', 'https://a/', 'upstream'], 'web:http', 'api:http'), 'route https://a/ now goes to api:http instead of web:http'],
  [added('network', ['routes', 'https://a/', 'upstream'], 'web:http'), 'route https://a/ added (to web:http)'],
  [removed('network', ['routes', 'https://a/', 'type'], 'upstream'), 'route https://a/ removed'],
  [changed('network', ['routes', 'https://a/', 'cache', 'enabled'], true, false), 'route https://a/: cache enabled true → false'],
  [changed('network', ['web', 'locations', '/', 'root'], 'public', 'dist'), 'web: location /: root public → dist'],
  [changed('network', ['outbound', 'rules'], [], [{ ports: [443] }]), 'outbound rules changed'],
  [changed('services', ['db', 'version'], '16.4', '17.10'), 'db: version 16.4 → 17.10'],
  [changed('services', ['db', 'settings', 'shared_buffers'], '128MB', '256MB'), 'db: setting shared_buffers 128MB → 256MB'],
  [added('services', ['db', 'extensions', 'pgcrypto'], '1.3'), 'db: extension pgcrypto added (1.3)'],
  [added('schema', ['db', 'main', 'public', 'table', 'customers', 'column', 'email'], 'text'), 'main: column customers.email added (text)'],
  [removed('schema', ['db', 'main', 'audit', 'table', 'log', ''], 'table'), 'main: table audit.log removed'],
  [changed('schema', ['db', 'main', 'public', 'table', 'a', 'column', 'b'], 'integer', 'bigint'), 'main: column a.b changed from integer to bigint'],
  [changed('schema', ['db', 'main', 'public', 'function', 'f()'], 'a'.repeat(64), 'b'.repeat(64)), 'main: function f() changed'],
  [added('schema', ['db', 'main', 'extension', 'pgcrypto'], '1.3'), 'main: extension pgcrypto added (1.3)'],
  [added('schema', ['db', 'role', 'reporting'], 'login'), 'db: role reporting added (login)'],
  [added('schema', ['db', 'main', 'billing', ''], 'schema owner main'), 'main: schema billing added'],
  [changed('schema', ['db', 'main', 'database'], 'encoding UTF8', 'encoding LATIN1'), 'main: database settings changed from encoding UTF8 to encoding LATIN1'],
  [added('schema', ['db', 'main', 'default-rights', 'app', '*', 'r'], 'default'), 'main: default rights app * r added (default)'],
  [changed('data', ['db', 'snapshot'], 's1', 's2'), 'db: data cloned from snapshot s2'],
  [changed('data', ['db', 'lineage'], 'staging', 'production'), 'db: data now comes from production instead of staging'],
  [changed('data', ['db', 'scrub', 'generation'], 3, 4), 'db: scrub generation 3 → 4'],
])('%j', (change, expected) => {
  expect(sentence(change)).toBe(expected)
}) // prettier-ignore

test('a system lends the words that a change does not carry', () => {
  const system = buildSystem({
    services: { db: { type: 'postgresql', version: '17.10' } },
    data: { db: { lineage: 'production', snapshot: 's2' } },
  })
  expect(sentence(changed('services', ['db', 'version'], '16.4', '17.10'), system)).toBe('db: postgresql 16.4 → 17.10')
  expect(sentence(changed('data', ['db', 'snapshot'], 's1', 's2'), system)).toBe('db: data cloned from production at s2')
})

describe('no sentence gives away or smuggles anything', () => {
  test('values of variables and keyed hashes', () => {
    const secret = 'keyed:5f4dcc3b'
    for (const path of [
      ['web', 'variables', 'TOKEN'],
      ['web', 'hooks', 'build'],
      ['web', 'web', 'commands', 'start'],
      ['web', 'else', 'where'],
      ['web', 'crons', 'a', 'commands', 'stop'],
    ]) {
      for (const change of [
        changed('config', path, secret, 'keyed:other'),
        added('config', path, [secret]),
        removed('config', path, secret),
      ]) {
        expect(sentence(change)).not.toMatch(/keyed|5f4dcc3b/)
      }
    }
    expect(sentence(changed('config', ['web', 'variables', 'A'], 'clear text', 'new text'))).not.toContain('text')
    expect(sentence(changed('services', ['db', 'settings', 'key'], secret, 'keyed:other'))).toBe('db: setting key (secret) → (secret)')
  })

  test('control characters, right-to-left marks and endless values', () => {
    const text = sentence(changed('packages', ['web\u001b[2J', 'npm', 'a\u202eb\n'], '1\u0000', 'x'.repeat(5000)))
    expect(text).not.toMatch(/\p{C}/u)
    expect(text).toMatch(/^web\\u\{1b\}\[2J: a\\u\{202e\}b\\u\{a\} 1\\u\{0\} → x{79}…$/)
  })

  test('a path that no reader would write is still said', () => {
    for (const layer of ['code', 'runtime', 'packages', 'config', 'network', 'services', 'schema', 'data'] as const) {
      for (const path of [['a'], ['a', 'b'], ['', ''], ['a', 'constructor', 'b'], ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']]) {
        const changes = [added(layer, path, 1), removed(layer, path, null), changed(layer, path, [], '')]
        for (const change of changes) expect(sentence(change)).toMatch(/\S/)
        expect(summarise(changes).flatMap((summary) => summary.changes)).toHaveLength(3)
      }
    }
  })
})

describe('summaries', () => {
  test('tell each thing once, in the order of the layers', () => {
    expect(
      texts(
        {
          runtime: { web: { nodejs: { version: '22.20.0', integrity: 'a' } } },
          network: { routes: { 'https://a/': { type: 'upstream', upstream: 'web:http' } } },
          services: { db: { type: 'postgresql', version: '16.4', integrity: 'a' } },
          data: { db: { snapshot: 's1', lineage: 'production' } },
        },
        {
          runtime: { web: { nodejs: { version: '22.23.3', integrity: 'b' } } },
          config: {
            web: {
              crons: { tidy: { spec: '0 1 * * *', commands: { start: 'x' } } },
              mounts: { uploads: { source: 'storage', source_path: 'u' } },
            },
          },
          network: {
            routes: { 'https://a/': { type: 'redirect', to: 'https://b/' }, 'https://b/': { type: 'upstream', upstream: 'web:http' } },
          },
          services: {
            db: { type: 'postgresql', version: '17.10', integrity: 'b' },
            cache: { type: 'redis', version: '8.0', integrity: 'c' },
          },
          schema: { db: { main: { public: { table: { customers: { '': 'table', column: { id: 'integer', email: 'text' } } } } } } },
          data: { db: { snapshot: 's2', lineage: 'staging' } },
        },
      ),
    ).toEqual([
      'web: nodejs 22.20.0 → 22.23.3',
      'web: cron tidy added',
      'web: mount uploads added',
      'route https://a/ changed (to, type, upstream)',
      'route https://b/ added (to web:http)',
      'cache: redis 8.0 added',
      'db: postgresql 16.4 → 17.10',
      'main: table customers added (2 parts)',
      'db: data cloned from staging at s2',
    ])
  })

  test('a service of another type, a changed table and a service that goes', () => {
    const table = (column: object) => ({ db: { main: { public: { table: { a: { '': 'table', column } } } } } }) as LayerInputs['schema']
    expect(
      texts(
        {
          services: { db: { type: 'mariadb', version: '11.4' }, old: { type: 'redis', version: '7' } },
          schema: table({ x: 'text', y: 'text' }),
        },
        { services: { db: { type: 'postgresql', version: '17.10' } }, schema: table({ y: 'integer', z: 'text' }) },
      ),
    ).toEqual([
      'db: mariadb 11.4 → postgresql 17.10',
      'old: redis 7 removed',
      'main: table a changed (column x removed, column y changed, column z added)',
    ])
  })

  test('count where there are very many', () => {
    const packages = (count: number, version: string) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, version]))
    const before = { packages: { web: { npm: packages(20, '1') }, api: { npm: { a: '1' } } } }
    const after = { packages: { web: { npm: { ...packages(15, '2'), ...packages(3, '1'), new: '1' } }, api: { npm: { a: '2' } } } }
    expect(texts(before, after)).toEqual(['api: a 1 → 2', 'web: 1 package added, 5 packages removed, 12 packages changed'])
  })
})

function texts(before: LayerInputs, after: LayerInputs): string[] {
  const to = buildSystem(after)
  const changes = diff(buildSystem(before), to)
  const summaries = summarise(changes, to)
  expect(summaries.flatMap((summary) => summary.changes)).toEqual(changes)
  return summaries.map(({ text }) => text)
}
