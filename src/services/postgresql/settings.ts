// The whole configuration of a PostgreSQL server as Friday runs it. Pure.
import type { ServiceInstance } from '#services/service.ts'
import { planOf } from './configuration.ts'
import { PRELOADED } from './extensions.ts'
import { text } from './sql.ts'

const MIB = 1024 ** 2

/** Replaces postgresql.conf: what initdb guessed from the machine does not matter. */
export function serverSettings(instance: ServiceInstance): string {
  const { endpoint, memoryBytes, durable } = instance
  const major = Number(instance.service.version.split('.')[0])
  const preload = planOf(instance.configuration).extensions.filter((name) => PRELOADED.includes(name))
  const connections = clamp(Math.floor(memoryBytes / (5 * MIB)), 40, 200)
  return lines({
    listen_addresses: endpoint.host,
    port: endpoint.port,
    unix_socket_directories: '',
    max_connections: connections,
    password_encryption: 'scram-sha-256',
    ...(preload.length > 0 ? { shared_preload_libraries: preload.join(',') } : {}),

    shared_buffers: size(memoryBytes / 4, 16, 8192),
    effective_cache_size: size(memoryBytes * 0.6, 32, 65_536),
    work_mem: size(memoryBytes / connections / 2, 1, 64),
    maintenance_work_mem: size(memoryBytes / 16, 16, 1024),
    // The packages carry no LLVM.
    jit: 'off',

    max_wal_size: durable ? '512MB' : '128MB',
    min_wal_size: '32MB',
    ...(durable ? (major < 14 ? {} : { recovery_init_sync_method: 'fsync' }) : THROW_AWAY),
    // A clone must never feed an archive or a standby that belongs to what it was cloned from.
    archive_mode: 'off',
    primary_conninfo: '',

    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    default_text_search_config: 'pg_catalog.english',

    // No statement, parameter or row value is ever in the log: it is shown to people who may not see the data.
    log_destination: 'stderr',
    logging_collector: 'off',
    log_line_prefix: '%m [%p] ',
    log_statement: 'none',
    log_min_error_statement: 'panic',
    ...(major < 13 ? {} : { log_parameter_max_length: 0 }),
    log_error_verbosity: 'terse',
  })
}

/** Everyone, Friday included, comes over the network with a password. */
export const CLIENT_RULES = `# Written by Friday at every start.
host all all 0.0.0.0/0 scram-sha-256
host all all ::/0      scram-sha-256
`

/** A throw-away environment is cloned again rather than recovered; it shares more blocks with its origin the less it writes. */
const THROW_AWAY = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: 0,
  wal_recycle: 'off',
  wal_init_zero: 'off',
}

function lines(settings: Readonly<Record<string, string | number>>): string {
  const all = Object.entries(settings).map(([key, value]) => `${key} = ${typeof value === 'number' ? value : text(value)}`)
  return ['# Written by Friday at every start.', ...all, ''].join('\n')
}

function size(bytes: number, least: number, most: number): string {
  return `${clamp(Math.floor(bytes / MIB), least, most)}MB`
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most)
}
