// PostgreSQL as published, oldest and newest-but-one major: the contract of every service, then what only PostgreSQL has.
import { lstat, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { chmod } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { silentLog } from '#lib/log.ts'
import { createPackageStore, type PackageStore } from '#registry/store.ts'
import { createHarness, type Harness, type Running } from '#services/conformance.harness.ts'
import { serviceConformance } from '#services/conformance.suite.ts'
import type { RelationshipEntry, Service } from '#services/service.ts'
import { EXTENSIONS } from './extensions.ts'
import { createPostgresql } from './postgresql.ts'

const folder = await mkdtemp(join(tmpdir(), 'friday-postgresql-'))
await chmod(folder, 0o755)
const store: PackageStore = createPackageStore({ folder: join(folder, 'store'), log: silentLog })
const service: Service = createPostgresql({ store, log: silentLog })

afterAll(async () => {
  await store[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const TWO_DATABASES = {
  databases: ['main', 'other'],
  endpoints: {
    admin: { default_database: 'main', privileges: { main: 'admin', other: 'admin' } },
    second: { default_database: 'main', privileges: { main: 'admin' } },
    writer: { default_database: 'main', privileges: { main: 'rw' } },
    reader: { default_database: 'main', privileges: { main: 'ro', other: 'rw' } },
  },
}

for (const wanted of ['17', '12']) {
  serviceConformance({
    service,
    wanted,
    configuration: { extensions: ['pg_trgm', 'pg_stat_statements'] },
    wrongConfiguration: { extensions: ['plpython3u'], endpoints: { pg_x: {} }, databases: [7] },
    isRefusal: (error) => (error as { code?: string }).code === '28P01',
    async put(entry, key, value) {
      await sql(entry, 'create table if not exists pair (key text primary key, value text)')
      await sql(entry, 'insert into pair values ($1, $2) on conflict (key) do update set value = $2', [key, value])
    },
    get: async (entry, key) => (await sql(entry, 'select value from pair where key = $1', [key]))[0]?.['value'] as string | undefined,
    async alter(entry) {
      await sql(entry, SCHEMA)
    },
  })

  describe(`PostgreSQL ${wanted}`, () => {
    let harness: Harness
    let running: Running
    const as = (endpoint: string, database?: string) => {
      const entry = service.relationship(running.instance, endpoint)
      return database === undefined ? entry : { ...entry, path: database }
    }

    beforeAll(async () => {
      harness = await createHarness(service, wanted, {})
      running = await harness.start(await harness.volume(), { configuration: TWO_DATABASES })
    })
    afterAll(async () => {
      await harness?.[Symbol.asyncDispose]()
    })

    test('the default endpoint is what the format promises, with a password of its own', async () => {
      const entry = service.relationship({ ...running.instance, configuration: {} }, 'postgresql')
      expect(entry).toMatchObject({
        username: 'main',
        path: 'main',
        scheme: 'pgsql',
        rel: 'postgresql',
        type: `postgresql:${wanted}`,
        query: { is_master: true },
      })
    })

    test('each level may do what it says and no more, also on what is made later by either administrator', async () => {
      await sql(as('admin'), 'create schema shop; create table shop.item (id serial primary key, name text)')
      await sql(as('second'), 'create table later (id serial primary key, name text); alter table shop.item add price int')
      for (const table of ['shop.item', 'later']) {
        await sql(as('writer'), `insert into ${table} (name) values ('x')`)
        await sql(as('writer'), `update ${table} set name = 'y'; delete from ${table} where id > 1`)
        expect(await sql(as('reader'), `select name from ${table}`)).toEqual([{ name: 'y' }])
        await denied(sql(as('reader'), `insert into ${table} (name) values ('z')`))
        await denied(sql(as('writer'), `drop table ${table}`))
        await denied(sql(as('writer'), `truncate ${table}`))
      }
      await denied(sql(as('writer'), 'create table mine (id int)'))
      await denied(sql(as('reader'), 'create table mine (id int)'))
      await denied(sql(as('second', 'other'), 'select 1'))
      await denied(sql(as('writer', 'other'), 'select 1'))
      await denied(sql(as('admin', 'postgres'), 'select 1'))
      await denied(sql(as('admin'), `copy (select 1) to program 'id'`))
      await denied(sql(as('admin'), `select pg_read_file('/etc/passwd')`))
      await denied(sql(as('admin'), 'create role evil login'))
      await sql(as('admin', 'other'), 'create table there (id int)')
      await sql(as('reader', 'other'), 'insert into there values (1)')
      expect(await service.size(running.instance)).toEqual({ rows: 3 })
    })

    test('another configuration moves what the former endpoints own, and keeps the data of a database it no longer names', async () => {
      const configuration = { databases: ['main'], endpoints: { writer: { default_database: 'main', privileges: { main: 'admin' } } } }
      const credentials = service.newCredentials(configuration)
      const next = {
        ...running.instance,
        configuration,
        credentials: { ...credentials, admin: running.instance.credentials['admin'] ?? credentials['admin']! },
      }
      await service.settle(next)
      const entry = service.relationship(next, 'writer')
      await sql(entry, 'alter table shop.item add more text; drop table later')
      await denied(sql({ ...entry, path: 'other' }, 'select 1'))
      await expect(sql(as('admin'), 'select 1')).rejects.toMatchObject({ code: '28P01' })

      await service.settle({ ...running.instance })
      expect(await sql(as('reader', 'other'), 'select * from there')).toEqual([{ id: 1 }])
      expect(await sql(as('reader'), 'select more from shop.item')).toEqual([{ more: null }])
    })

    test('what an owner prepares in its database does not act as Friday', async () => {
      // A closer match than the server's own variadic one, for a query that Friday runs as a superuser.
      const trap = "begin raise exception 'ran as %', current_user; end"
      await sql(as('admin'), `create function public.concat(text, text, name) returns text language plpgsql as $$ ${trap} $$`)
      const settings = [
        "search_path = 'public, pg_catalog'",
        'default_transaction_read_only = on',
        "role = 'owner:main'",
        'statement_timeout = 1',
      ]
      await sql(as('admin'), settings.map((setting) => `alter database main set ${setting}`).join(';'))
      await service.settle({ ...running.instance, configuration: { ...TWO_DATABASES, extensions: ['citext'] } })
      const schema = await service.schema(running.instance)
      expect(schema['main/shop/table/item/column/name']).toBe('text')
      expect(schema['main/extension/citext']).toContain('in public')
      // From the other database: in this one nobody but Friday can work any more.
      await sql(as('admin', 'other'), 'alter database main reset all')
    })

    test('names are data, whatever is in them', async () => {
      const evil = [`"; drop database main; --`, `a'b"c\\d`, 'Ünï 🎈', '%s$1', 'a/b']
      const privileges = Object.fromEntries(evil.map((database) => [database, 'admin']))
      const configuration = { databases: evil, endpoints: Object.fromEntries([...evil, 'plain'].map((name) => [name, { privileges }])) }
      expect(service.check(configuration)).toEqual([])
      const other = await harness.start(await harness.volume(), { configuration })
      for (const [place, name] of evil.entries()) {
        const entry = { ...service.relationship(other.instance, name), path: evil[(place + 1) % evil.length] }
        await sql(entry, `create table "${name.replaceAll('"', '""')}" ("${name.replaceAll('"', '""')}" int)`)
        expect(await sql(entry, 'select current_database() as d, session_user as u')).toEqual([{ d: entry.path, u: name }])
      }
      const schema = await service.schema(other.instance)
      expect(schema['%25s$1/public/table/Ünï 🎈/column/Ünï 🎈']).toBe('integer')
      expect(Object.keys(schema).filter((path) => path.startsWith('a%2Fb/public/table/'))).toHaveLength(2)
      expect(await service.size(other.instance)).toEqual({ rows: 0 })
      await service.settle({ ...other.instance, credentials: service.newCredentials(configuration) }, other.instance.credentials)
      await expect(sql(service.relationship(other.instance, evil[0] ?? ''), 'select 1')).rejects.toMatchObject({ code: '28P01' })
      await other.kill()
    })

    test('the schema tells every kind of change, and nothing of the data', async () => {
      const entry = as('admin', 'other')
      await sql(entry, SCHEMA)
      const before = await service.schema(running.instance)
      expect(before).toMatchObject({
        'other/public/table/customer/column/email': 'text not null',
        'other/public/table/customer/constraint/customer_pkey': 'PRIMARY KEY (id)',
        'other/public/type/mood': expect.stringContaining("enum 'sad', 'happy'"),
        'other/public/view/addresses': expect.stringContaining('SELECT'),
        'other/public/function/twice(n integer)': expect.stringMatching(/^sha256:[0-9a-f]{64}/),
        'role/reader': expect.stringContaining('login'),
      })
      await sql(entry, "insert into customer (email) values ('a@b.ch'); analyze")
      expect(await service.schema(running.instance)).toEqual(before)
      const changes: readonly [string, string][] = [
        ["alter table customer alter email set default 'x'", 'other/public/table/customer/column/email'],
        ['alter table customer drop constraint positive', 'other/public/table/customer/constraint/positive'],
        ['drop index by_email', 'other/public/table/customer/index/by_email'],
        ["alter type mood add value 'calm'", 'other/public/type/mood'],
        [
          'create or replace function twice(n int) returns int language sql as $$ select n + n $$',
          'other/public/function/twice(n integer)',
        ],
        ['alter sequence customer_id_seq increment 2', 'other/public/sequence/customer_id_seq'],
        ['drop trigger touch on customer', 'other/public/table/customer/trigger/touch'],
        ['drop policy mine on customer', 'other/public/table/customer/policy/mine'],
        ['grant select on customer to writer', 'other/public/table/customer'],
      ]
      let former = before
      for (const [statement, path] of changes) {
        await sql(entry, statement)
        const now = await service.schema(running.instance)
        expect(
          [...new Set([...Object.keys(former), ...Object.keys(now)])].filter((key) => former[key] !== now[key]),
          statement,
        ).toEqual([path])
        former = now
      }
    })

    test('every extension on the list can be added, and the list names what is packaged', async () => {
      const configuration = { extensions: EXTENSIONS }
      const other = await harness.start(await harness.volume(), { configuration })
      const rows = await sql(service.relationship(other.instance, 'postgresql'), 'select extname from pg_extension')
      expect(rows.map(({ extname }) => extname)).toEqual(expect.arrayContaining([...EXTENSIONS]))
      await other.kill()
    })

    test('the log holds no statement and no value', async () => {
      await expect(sql(as('writer'), "insert into shop.item (id, name) values (1, 'very secret value')")).rejects.toMatchObject({
        code: '23505',
      })
      expect(running.output()).toContain('duplicate key')
      expect(running.output()).not.toMatch(/very secret|SCRAM-SHA|insert into/i)
    })

    test('a folder that must not be started is refused, and one in use is', async () => {
      const { instance, volume } = running
      const prepare = (folder: string, version = instance.service.version) =>
        service.prepare({ ...instance, service: { ...instance.service, version } }, folder, (path) => path, folder)
      await expect(prepare(volume)).rejects.toMatchObject({ code: 'postgresql.in_use' })
      await expect(prepare(volume, '99.1')).rejects.toMatchObject({ code: 'postgresql.major_changed' })
      await expect(prepare(await harness.volume())).rejects.toMatchObject({ code: 'postgresql.not_initialised' })
      await service.quiesce(instance)
      const copy = await harness.copy(volume)
      await writeFile(join(copy, 'pgdata', 'standby.signal'), '')
      await rm(join(copy, 'pgdata', 'pg_hba.conf'))
      await symlink('/etc/passwd', join(copy, 'pgdata', 'pg_hba.conf'))
      await prepare(copy)
      expect((await lstat(join(copy, 'pgdata', 'pg_hba.conf'))).isFile()).toBe(true)
      expect(await readdir(join(copy, 'pgdata'))).not.toEqual(expect.arrayContaining(['standby.signal']))
      expect(await readdir(join(copy, 'pgdata'))).not.toEqual(expect.arrayContaining(['postmaster.pid']))
      await symlink('/tmp', join(copy, 'pgdata', 'pg_tblspc', '16999'))
      await expect(prepare(copy)).rejects.toMatchObject({ code: 'postgresql.tablespace' })
    })
  })
}

const SCHEMA = `
  create type mood as enum ('sad', 'happy');
  create domain short as text check (length(value) < 20);
  create table customer (id serial primary key, email text not null, feeling mood default 'happy', code short, constraint positive check (id > 0));
  create index by_email on customer (lower(email));
  create view addresses as select id, email from customer;
  create function twice(n int) returns int language sql as $$ select n * 2 $$;
  create function touched() returns trigger language plpgsql as $$ begin return new; end $$;
  create trigger touch before update on customer for each row execute function touched();
  alter table customer enable row level security;
  create policy mine on customer using (id > 1);
  create table part (id int, at date) partition by range (at);
  create table part_2026 partition of part for values from ('2026-01-01') to ('2027-01-01');
  create materialized view totals as select count(*) as n from customer;
`

async function sql(entry: RelationshipEntry, text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]> {
  const { host, port, username, password, path } = entry as Record<'host' | 'username' | 'password' | 'path', string> & { port: number }
  const client = new Client({ host, port, user: username, password, database: path })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<Record<string, unknown>>(text, values === undefined ? undefined : [...values])
    return rows
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function denied(attempt: Promise<unknown>): Promise<void> {
  await expect(attempt).rejects.toMatchObject({ code: '42501' })
}
