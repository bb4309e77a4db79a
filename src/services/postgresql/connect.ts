// Friday's own connection to a server whose databases belong to others.
import { Client } from 'pg'
import type { ServiceInstance } from '#services/service.ts'
import { ADMIN, ADMIN_CREDENTIAL } from './configuration.ts'
import { fail } from './errors.ts'

/** The server's own database: Friday alone may connect to it, so nobody can have prepared it. */
export const OWN_DATABASE = 'postgres'

export type { Client }

export interface ConnectOptions {
  /** Milliseconds one statement may take; default 60 s. */
  readonly statementTimeoutMs?: number
}

/**
 * Runs `use` as Friday's superuser. The settings are given at connect, where they win over whatever an owner set with
 * `alter database`: above all the search path, so that no function or operator of a user is ever taken for the server's.
 */
export async function connected<T>(
  instance: ServiceInstance,
  database: string,
  use: (client: Client) => Promise<T>,
  { statementTimeoutMs = 60_000 }: ConnectOptions = {},
): Promise<T> {
  const settings = {
    search_path: 'pg_catalog',
    role: 'none',
    statement_timeout: statementTimeoutMs,
    lock_timeout: 15_000,
    default_transaction_read_only: 'off',
    default_transaction_isolation: 'read\\ committed',
    session_replication_role: 'origin',
  }
  const client = new Client({
    host: instance.endpoint.host,
    port: instance.endpoint.port,
    user: ADMIN,
    password: instance.credentials[ADMIN_CREDENTIAL]?.reveal() ?? '',
    database,
    ssl: false,
    connectionTimeoutMillis: 5000,
    application_name: 'friday',
    options: Object.entries(settings)
      .map(([key, value]) => `-c ${key}=${value}`)
      .join(' '),
  })
  // A server that goes away is told by the query that is under way, or matters no more.
  client.on('error', () => undefined)
  try {
    await client.connect()
    if (database !== OWN_DATABASE) await refuseImpersonation(client, instance, database)
    return await use(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function refuseImpersonation(client: Client, instance: ServiceInstance, database: string): Promise<void> {
  const { rows } = await client.query<{ same: boolean }>('select current_user = $1 and session_user = $1 as same', [ADMIN])
  if (rows[0]?.same !== true) {
    throw fail('tampered', `The database ${database} of ${instance.name} makes sessions act as somebody else`, { database })
  }
}

const STARTING = new Set([
  '57P03',
  '57P02',
  '57P01',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
])

/** The server is up and does not take this password. */
export function isRefused(error: unknown): boolean {
  return (error as { code?: string }).code === '28P01'
}

/** Errors of a server that is not up yet (or is going down); all others will not go away by waiting. */
export function isNotUp(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  return (code !== undefined && STARTING.has(code)) || /^(Connection terminated|timeout expired)/.test(message ?? '')
}
