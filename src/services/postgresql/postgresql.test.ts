import { expect, test } from 'vitest'
import { Secret } from '#lib/secret.ts'
import type { ServiceConfiguration } from '#services/service.ts'
import { checkConfiguration, ownerOf, planOf, sharedOwnerOf } from './configuration.ts'
import { serverSettings } from './settings.ts'
import { name, scramVerifier, text } from './sql.ts'

const paths = (configuration: ServiceConfiguration) => checkConfiguration(configuration).map(({ path }) => path)

test('without a word, one endpoint administers one database', () => {
  expect(planOf({})).toEqual({
    databases: ['main'],
    endpoints: [{ name: 'postgresql', role: 'main', database: 'main', privileges: { main: 'admin' } }],
    extensions: [],
  })
  expect(planOf({ databases: ['a', 'b'] }).endpoints[0]).toMatchObject({ database: 'a', privileges: { a: 'admin', b: 'admin' } })
})

test('an endpoint without a default database takes the first it has a right to', () => {
  const plan = planOf({ databases: ['a', 'b'], endpoints: { x: { privileges: { b: 'ro' } } } })
  expect(plan.endpoints).toEqual([{ name: 'x', role: 'x', database: 'b', privileges: { b: 'ro' } }])
})

test('every mistake is named where it stands', () => {
  expect(paths({})).toEqual([])
  expect(paths({ databases: null, endpoints: null, extensions: null })).toEqual([])
  expect(paths({ database: ['main'] })).toEqual(['database'])
  expect(paths({ databases: 'main' })).toEqual(['databases'])
  expect(paths({ databases: ['a', 'a', '', 'x'.repeat(64), 'postgres', 'n\0l', 5] })).toEqual(
    [1, 2, 3, 4, 5, 6].map((place) => `databases[${place}]`),
  )
  expect(paths({ extensions: ['hstore', 'postgis'] })).toEqual(['extensions[1]'])
  expect(paths({ endpoints: {} })).toEqual(['endpoints'])
  for (const reserved of ['friday', 'pg_monitor', 'public', 'none', 'owner:main']) {
    expect(paths({ endpoints: { [reserved]: { privileges: { main: 'ro' } } } })).toEqual([`endpoints.${reserved}`])
  }
  expect(paths({ endpoints: { a: { privileges: { main: 'rwx', other: 'ro' } } } })).toEqual([
    'endpoints.a.privileges.main',
    'endpoints.a.privileges.other',
  ])
  expect(paths({ endpoints: { a: { default_database: 'other', privileges: { main: 'ro' } } } })).toEqual(['endpoints.a.default_database'])
  expect(paths({ endpoints: { a: { privileges: {} }, b: null } })).toEqual(['endpoints.a.privileges', 'endpoints.b'])
  expect(paths({ endpoints: { a: { replication: true, privileges: { main: 'ro' } } } })).toEqual(['endpoints.a.replication'])
})

test('a database belongs to its only administrator, or to a role that several share', () => {
  const plan = planOf({
    databases: ['one', 'two', 'three'],
    endpoints: { a: { privileges: { one: 'admin', two: 'admin' } }, b: { privileges: { two: 'admin', one: 'rw' } } },
  })
  expect(['one', 'two', 'three'].map((database) => ownerOf(plan, database))).toEqual(['a', 'owner:two', 'owner:three'])
  const long = ['x'.repeat(63), `${'x'.repeat(62)}y`].map(sharedOwnerOf)
  expect(new Set(long).size).toBe(2)
  expect(long.every((owner) => Buffer.byteLength(owner) <= 63)).toBe(true)
})

test('names and constants are quoted', () => {
  expect(name('a"; drop table b; --')).toBe('"a""; drop table b; --"')
  expect(text("it's")).toBe("'it''s'")
  expect(text("back\\slash'")).toBe(" E'back\\\\slash'''")
})

test('a password becomes the verifier that PostgreSQL would make of it', async () => {
  // RFC 7677, section 3: user "user", password "pencil".
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
  expect(await scramVerifier(new Secret('pencil'), salt)).toBe(
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  )
})

test('only a throw-away server gives up durability, and memory bounds what it takes', () => {
  const settings = (durable: boolean, megabytes: number, configuration: ServiceConfiguration = {}) =>
    serverSettings({
      name: 'db',
      service: { type: 'postgresql', version: '17.10', integrity: 'sha512-x' },
      configuration,
      credentials: {},
      endpoint: { host: '10.0.0.2', port: 5432 },
      memoryBytes: megabytes * 1024 ** 2,
      durable,
    })
  expect(settings(false, 512)).toContain("fsync = 'off'")
  expect(settings(true, 512)).not.toMatch(/fsync = 'off'|full_page_writes|synchronous_commit|wal_level/)
  expect(settings(true, 512)).toContain("shared_buffers = '128MB'")
  expect(settings(true, 128)).toContain('max_connections = 40')
  expect(settings(true, 64_000)).toContain('max_connections = 200')
  expect(settings(true, 512)).not.toContain('shared_preload_libraries')
  expect(settings(true, 512, { extensions: ['pg_stat_statements'] })).toContain("shared_preload_libraries = 'pg_stat_statements'")
})
