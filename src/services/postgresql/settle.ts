// Brings a server's passwords, roles, databases, rights and extensions to what the configuration says, in one query when they are there already.
import { createHash } from 'node:crypto'
import { messageOf } from '#lib/errors.ts'
import type { Credentials, ServiceInstance } from '#services/service.ts'
import { ADMIN, ADMIN_CREDENTIAL, credentialOf, ownerOf, planOf, sharedOwnerOf, type DatabasePlan } from './configuration.ts'
import { connected, isNotUp, isRefused, OWN_DATABASE, type Client } from './connect.ts'
import { fail } from './errors.ts'
import { grantIn } from './grants.ts'
import { name, scramVerifier, text } from './sql.ts'

/** Raised when the same configuration must be applied anew because the rules below changed. */
const RULES = 1

/** In one session, as each costs a freshly opened server tens of milliseconds. False while it is not up. */
export async function settleServer(instance: ServiceInstance, former?: Credentials): Promise<boolean> {
  try {
    if (former !== undefined && (await settleClone(instance, former))) return true
    await connected(instance, OWN_DATABASE, (server) => configure(server, instance))
    return true
  } catch (error) {
    if (isNotUp(error)) return false
    throw error
  }
}

/** False when it has passwords of its own already. */
async function settleClone(instance: ServiceInstance, former: Credentials): Promise<boolean> {
  try {
    await connected({ ...instance, credentials: former }, OWN_DATABASE, async (server) => {
      await replacePasswords(server, instance)
      await configure(server, instance)
    })
    return true
  } catch (error) {
    if (isRefused(error)) return false
    throw error
  }
}

async function configure(server: Client, instance: ServiceInstance): Promise<void> {
  const plan = planOf(instance.configuration)
  if (await isConfigured(server, plan)) return
  await ensureRoles(server, plan, instance.credentials)
  const databases = await ensureDatabases(server, plan)
  const stale = await staleRoles(server, plan)
  for (const database of databases) {
    await connected(instance, database, async (client) => {
      if (plan.databases.includes(database)) await ensureExtensions(client, instance, plan, database)
      await grantIn(client, plan, database, stale)
    })
  }
  for (const database of databases) await giveDatabase(server, plan, database)
  await shareOwners(server, plan, databases)
  for (const role of stale) await server.query(`drop role ${name(role)}`)
  await server.query(`comment on role ${name(ADMIN)} is ${text(markOf(plan))}`)
}

/** For every endpoint and for Friday itself, all at once; a login role that has no credential can no longer log in. */
async function replacePasswords(server: Client, { configuration, credentials }: ServiceInstance): Promise<void> {
  const { rows } = await server.query<{ role: string }>('select rolname as role from pg_authid where rolcanlogin order by rolname')
  const roleKeys = new Map(planOf(configuration).endpoints.map((endpoint) => [endpoint.role, credentialOf(endpoint.name)]))
  const statements = rows.map(async ({ role }) => {
    const password = credentials[role === ADMIN ? ADMIN_CREDENTIAL : (roleKeys.get(role) ?? '')]
    return `alter role ${name(role)} password ${password === undefined ? 'null' : text(await scramVerifier(password))}`
  })
  await server.query(['begin', ...(await Promise.all(statements)), 'commit'].join(';\n'))
}

/** The mark tells that the plan was applied whole; databases and roles are counted since an owner may drop what it owns. */
async function isConfigured(server: Client, plan: DatabasePlan): Promise<boolean> {
  const { rows } = await server.query<{ there: boolean }>(
    `select (select count(*) from pg_database where datname = any($1)) = cardinality($1::text[])
        and (select count(*) from pg_authid where rolname = any($2)) = cardinality($2::text[])
        and shobj_description((select oid from pg_authid where rolname = $3), 'pg_authid') = $4 as there`,
    [plan.databases, plan.endpoints.map(({ role }) => role), ADMIN, markOf(plan)],
  )
  return rows[0]?.there === true
}

function markOf(plan: DatabasePlan): string {
  return `configuration ${createHash('sha256')
    .update(JSON.stringify([RULES, plan]))
    .digest('hex')
    .slice(0, 32)}`
}

async function ensureRoles(server: Client, plan: DatabasePlan, credentials: Credentials): Promise<void> {
  const { rows } = await server.query<{ role: string }>('select rolname as role from pg_roles')
  const present = new Set(rows.map(({ role }) => role))
  const limits = 'nosuperuser nocreatedb nocreaterole noreplication nobypassrls inherit'
  for (const endpoint of plan.endpoints) {
    const password = credentials[credentialOf(endpoint.name)]
    const secret = password === undefined ? 'null' : text(await scramVerifier(password))
    const verb = present.has(endpoint.role) ? 'alter' : 'create'
    await server.query(`${verb} role ${name(endpoint.role)} login ${limits} password ${secret}`)
  }
  for (const database of await allDatabases(server, plan)) {
    const owner = ownerOf(plan, database)
    if (owner === sharedOwnerOf(database) && !present.has(owner)) await server.query(`create role ${name(owner)} nologin ${limits}`)
  }
}

async function ensureDatabases(server: Client, plan: DatabasePlan): Promise<readonly string[]> {
  const present = await existingDatabases(server)
  for (const database of plan.databases.filter((wanted) => !present.includes(wanted))) {
    await server.query(`create database ${name(database)} template template0`)
  }
  await server.query('revoke all on database postgres, template1 from public')
  return await allDatabases(server, plan)
}

/** Those of the configuration, and those of a former one: their data is kept, and nobody may reach it. */
async function allDatabases(server: Client, plan: DatabasePlan): Promise<readonly string[]> {
  return [...new Set([...plan.databases, ...(await existingDatabases(server))])]
}

async function existingDatabases(server: Client): Promise<readonly string[]> {
  const { rows } = await server.query<{ database: string }>(
    'select datname as database from pg_database where datallowconn and not datistemplate and datname <> $1 order by datname',
    [OWN_DATABASE],
  )
  return rows.map(({ database }) => database)
}

async function staleRoles(server: Client, plan: DatabasePlan): Promise<readonly string[]> {
  const databases = await allDatabases(server, plan)
  const wanted = [ADMIN, ...plan.endpoints.map(({ role }) => role), ...databases.map((database) => ownerOf(plan, database))]
  const { rows } = await server.query<{ role: string }>(
    "select rolname as role from pg_roles where rolname <> all($1) and rolname not like 'pg\\_%' order by rolname",
    [wanted],
  )
  return rows.map(({ role }) => role)
}

async function ensureExtensions(client: Client, instance: ServiceInstance, plan: DatabasePlan, database: string): Promise<void> {
  for (const extension of plan.extensions.filter((wanted) => wanted !== 'plpgsql')) {
    try {
      await client.query(`create extension if not exists ${name(extension)} schema public cascade`)
    } catch (error) {
      throw fail('extension', `The extension ${extension} could not be added to ${database} of ${instance.name}: ${messageOf(error)}`, {
        extension,
        database,
        cause: error,
      })
    }
  }
}

/** Comes after the work inside the databases: giving objects to another role there moves whole databases along. */
async function giveDatabase(server: Client, plan: DatabasePlan, database: string): Promise<void> {
  const it = name(database)
  await server.query(`alter database ${it} owner to ${name(ownerOf(plan, database))}`)
  await server.query(`revoke all on database ${it} from public`)
  for (const { role, privileges } of plan.endpoints) {
    const level = privileges[database]
    if (level !== 'admin') await server.query(`revoke all on database ${it} from ${name(role)}`)
    if (level !== undefined) await server.query(`grant connect${level === 'ro' ? '' : ', temporary'} on database ${it} to ${name(role)}`)
  }
}

/** Several administrators of one database act as its owner from the moment they log in, so that each may alter what another made. */
async function shareOwners(server: Client, plan: DatabasePlan, databases: readonly string[]): Promise<void> {
  for (const database of databases) {
    const owner = ownerOf(plan, database)
    const shared = owner === sharedOwnerOf(database)
    for (const { role, privileges } of plan.endpoints) {
      const acts = shared && privileges[database] === 'admin'
      await server.query(`alter role ${name(role)} in database ${name(database)} ${acts ? `set role to ${text(owner)}` : 'reset role'}`)
      if (shared) await server.query(`${acts ? 'grant' : 'revoke'} ${name(owner)} ${acts ? 'to' : 'from'} ${name(role)}`)
    }
  }
}
