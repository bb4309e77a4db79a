// What a project says of its PostgreSQL service, checked and with every default resolved. Pure.
import { createHash } from 'node:crypto'
import type { ServiceConfiguration } from '#services/service.ts'
import { EXTENSIONS } from './extensions.ts'

export type Level = 'ro' | 'rw' | 'admin'

export interface EndpointPlan {
  readonly name: string
  /** The login role behind the endpoint. */
  readonly role: string
  readonly database: string
  readonly privileges: Readonly<Record<string, Level>>
}

export interface DatabasePlan {
  readonly databases: readonly string[]
  readonly endpoints: readonly EndpointPlan[]
  readonly extensions: readonly string[]
}

export interface Problem {
  readonly path: string
  readonly message: string
  readonly expected: string
}

/** Friday's own superuser in every server, and the key of its password among the credentials. */
export const ADMIN = 'friday'
export const ADMIN_CREDENTIAL = 'admin'

const DEFAULT_DATABASE = 'main'
const DEFAULT_ROLE = 'main'
export const DEFAULT_ENDPOINT = 'postgresql'
const LEVELS: readonly string[] = ['ro', 'rw', 'admin'] satisfies readonly Level[]
const KEYS = ['databases', 'endpoints', 'extensions']
const OWN_DATABASES = ['postgres', 'template0', 'template1']
const OWN_ROLES = [ADMIN, 'public', 'none']

export function credentialOf(endpoint: string): string {
  return `endpoint/${endpoint}`
}

/** Assumes a configuration without problems. */
export function planOf(configuration: ServiceConfiguration): DatabasePlan {
  const { databases, endpoints, extensions } = configuration as {
    databases?: readonly string[] | null
    endpoints?: Record<string, { default_database?: string; privileges?: Record<string, Level> }> | null
    extensions?: readonly string[] | null
  }
  const all = databases ?? [DEFAULT_DATABASE]
  return { databases: all, endpoints: endpointPlans(all, endpoints ?? undefined), extensions: extensions ?? [] }
}

/** The role that owns a database and all in it: the endpoint's own when one endpoint administers it, else one that all of them act as. */
export function ownerOf(plan: DatabasePlan, database: string): string {
  const admins = plan.endpoints.filter(({ privileges }) => privileges[database] === 'admin')
  return admins.length === 1 && admins[0] !== undefined ? admins[0].role : sharedOwnerOf(database)
}

export function sharedOwnerOf(database: string): string {
  const name = `owner:${database}`
  return Buffer.byteLength(name) <= 63 ? name : `owner:${createHash('sha256').update(database).digest('hex').slice(0, 32)}`
}

/** Problems a person can mend; empty = good. */
export function checkConfiguration(configuration: ServiceConfiguration): readonly Problem[] {
  const problems = Object.keys(configuration)
    .filter((key) => !KEYS.includes(key))
    .map((key) => problem(key, 'is not a setting of postgresql', `one of ${KEYS.join(', ')}`))
  const { databases, endpoints, extensions } = configuration
  problems.push(...checkDatabases(databases), ...checkExtensions(extensions))
  const known = Array.isArray(databases) ? databases.map(String) : [DEFAULT_DATABASE]
  if (isMap(endpoints)) {
    for (const [name, endpoint] of Object.entries(endpoints)) problems.push(...checkEndpoint(name, endpoint, known))
    if (Object.keys(endpoints).length === 0)
      problems.push(problem('endpoints', 'is empty', 'at least one endpoint, or no `endpoints` at all'))
  } else if (endpoints != null) {
    problems.push(problem('endpoints', 'is not a map', 'names of endpoints with their privileges'))
  }
  return problems
}

function endpointPlans(
  databases: readonly string[],
  endpoints: Record<string, { default_database?: string; privileges?: Record<string, Level> }> | undefined,
): readonly EndpointPlan[] {
  if (endpoints === undefined) {
    const database = databases.includes(DEFAULT_DATABASE) ? DEFAULT_DATABASE : (databases[0] ?? DEFAULT_DATABASE)
    const privileges = Object.fromEntries(databases.map((name) => [name, 'admin' as const]))
    return [{ name: DEFAULT_ENDPOINT, role: DEFAULT_ROLE, database, privileges }]
  }
  return Object.entries(endpoints).map(([name, { default_database, privileges = {} }]) => ({
    name,
    role: name,
    database: default_database ?? Object.keys(privileges)[0] ?? DEFAULT_DATABASE,
    privileges,
  }))
}

function checkDatabases(databases: unknown): readonly Problem[] {
  if (databases == null) return []
  if (!Array.isArray(databases) || databases.length === 0) return [problem('databases', 'is not a list of names', 'a list such as [main]')]
  return databases.flatMap((name: unknown, place) => {
    const path = `databases[${place}]`
    const wrong = nameProblem(path, name)
    if (wrong !== undefined) return [wrong]
    if (OWN_DATABASES.includes(name as string)) return [problem(path, `${String(name)} is the server's own`, 'another name')]
    return databases.indexOf(name) === place ? [] : [problem(path, `${JSON.stringify(name)} is named twice`, 'each database once')]
  })
}

function checkEndpoint(name: string, endpoint: unknown, databases: readonly string[]): readonly Problem[] {
  const path = `endpoints.${name}`
  const wrong = nameProblem(path, name)
  if (wrong !== undefined) return [wrong]
  if (OWN_ROLES.includes(name) || name.startsWith('pg_') || name.startsWith('owner:')) {
    return [problem(path, 'is a name that PostgreSQL or Friday keeps for itself', 'another name')]
  }
  if (!isMap(endpoint)) return [problem(path, 'is not a map', '{default_database, privileges}')]
  const problems: Problem[] = []
  const { default_database, privileges, replication } = endpoint
  if (replication != null && replication !== false) {
    problems.push(problem(`${path}.replication`, 'is not supported', 'no `replication`; clone the environment to read a copy'))
  }
  if (!isMap(privileges) || Object.keys(privileges).length === 0) {
    problems.push(problem(`${path}.privileges`, 'is missing or empty', 'databases with ro, rw or admin, such as {main: admin}'))
    return problems
  }
  for (const [database, level] of Object.entries(privileges)) {
    const at = `${path}.privileges.${database}`
    if (!databases.includes(database)) problems.push(problem(at, 'names an unknown database', `one of ${databases.join(', ')}`))
    if (!LEVELS.includes(level as string)) problems.push(problem(at, `is ${JSON.stringify(level)}`, 'ro, rw or admin'))
  }
  if (default_database != null && !Object.hasOwn(privileges, String(default_database))) {
    problems.push(problem(`${path}.default_database`, 'has no privileges in this endpoint', `one of ${Object.keys(privileges).join(', ')}`))
  }
  return problems
}

function checkExtensions(extensions: unknown): readonly Problem[] {
  if (extensions == null) return []
  if (!Array.isArray(extensions)) return [problem('extensions', 'is not a list', 'a list such as [pg_trgm]')]
  return extensions.flatMap((name: unknown, place) =>
    typeof name === 'string' && EXTENSIONS.includes(name)
      ? []
      : [problem(`extensions[${place}]`, `${JSON.stringify(name)} is not available`, `one of ${EXTENSIONS.join(', ')}`)],
  )
}

/** PostgreSQL cuts longer names silently, so two of them could become one. */
function nameProblem(path: string, name: unknown): Problem | undefined {
  if (typeof name !== 'string' || name === '' || name.includes('\0') || Buffer.byteLength(name) > 63) {
    return problem(path, `${JSON.stringify(name)} cannot be a name`, 'text of 1 to 63 bytes')
  }
  return undefined
}

function problem(path: string, message: string, expected: string): Problem {
  return { path, message, expected }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
