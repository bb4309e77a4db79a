// Ownership and rights inside one database: everything in it belongs to its owner, and the other endpoints are granted what their level says.
import { ADMIN, ownerOf, type DatabasePlan, type Level } from './configuration.ts'
import type { Client } from './connect.ts'
import { name } from './sql.ts'

const RIGHTS: Readonly<Record<'ro' | 'rw', { tables: string; sequences: string }>> = {
  ro: { tables: 'select', sequences: 'select' },
  rw: { tables: 'select, insert, update, delete', sequences: 'usage, select, update' },
}

/** One transaction, so that no reader sees a moment without its rights. `stale` are roles about to be dropped. */
export async function grantIn(client: Client, plan: DatabasePlan, database: string, stale: readonly string[]): Promise<void> {
  const owner = name(ownerOf(plan, database))
  const others = [...plan.endpoints.map(({ role }) => role), ...stale].filter((role) => name(role) !== owner)
  const statements: string[] = []
  for (const role of await ownersHere(client, ownerOf(plan, database))) statements.push(`reassign owned by ${name(role)} to ${owner}`)
  // What is left of theirs here are rights: start from none.
  for (const role of others) statements.push(`drop owned by ${name(role)}`)
  const given = await schemaToGive(client)
  if (given !== undefined) {
    // Up to PostgreSQL 14 everybody may create in `public`; later ones made it what follows, by a role that 14 brought.
    statements.push(
      `alter schema public owner to ${given.byRole ? 'pg_database_owner' : owner}`,
      'revoke create on schema public from public',
    )
  }
  const schemas = await ownSchemas(client)
  for (const { role, privileges } of plan.endpoints) {
    const level = privileges[database]
    if (level === 'ro' || level === 'rw') statements.push(...grantsFor(name(role), level, owner, schemas))
  }
  await client.query(['begin', ...statements, 'commit'].join(';\n'))
}

function grantsFor(role: string, level: Exclude<Level, 'admin'>, owner: string, schemas: readonly string[]): readonly string[] {
  const { tables, sequences } = RIGHTS[level]
  const now = schemas.flatMap((schema) => [
    `grant usage on schema ${name(schema)} to ${role}`,
    `grant ${tables} on all tables in schema ${name(schema)} to ${role}`,
    `grant ${sequences} on all sequences in schema ${name(schema)} to ${role}`,
  ])
  const later = (rights: string, kind: string) => `alter default privileges for role ${owner} grant ${rights} on ${kind} to ${role}`
  return [...now, later(tables, 'tables'), later(sequences, 'sequences'), later('usage', 'schemas')]
}

/** Roles other than the owner and Friday that own something in this database. */
async function ownersHere(client: Client, owner: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ role: string }>(
    `select distinct r.rolname as role
       from pg_shdepend d join pg_roles r on r.oid = d.refobjid and d.refclassid = 'pg_authid'::regclass
      where d.deptype = 'o' and d.dbid = (select oid from pg_database where datname = current_database())
        and r.rolname <> all($1) and r.rolname not like 'pg\\_%'
      order by 1`,
    [[owner, ADMIN]],
  )
  return rows.map(({ role }) => role)
}

/** Set while `public` is Friday's own: as it is in a new database. */
async function schemaToGive(client: Client): Promise<{ byRole: boolean } | undefined> {
  const { rows } = await client.query<{ byRole: boolean }>(
    `select to_regrole('pg_database_owner') is not null as "byRole" from pg_namespace n join pg_roles r on r.oid = n.nspowner
      where n.nspname = 'public' and r.rolname = $1`,
    [ADMIN],
  )
  return rows[0]
}

async function ownSchemas(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ schema: string }>(
    "select nspname as schema from pg_namespace where nspname <> 'information_schema' and nspname not like 'pg\\_%' order by 1",
  )
  return rows.map(({ schema }) => schema)
}
