// Which services a project talks to, from the packages it uses.
import { supported, type Support } from '#manifest/support.ts'
import type { Package } from './package.ts'

export interface DetectedService {
  readonly name: string
  readonly type: string
  /** Undefined: this Friday does not run it. */
  readonly version: string | undefined
  readonly relationship: string
  readonly note: string
}

const CLIENTS = [
  { type: 'postgresql', relationship: 'database', packages: ['pg', 'postgres', 'pg-promise', 'slonik', 'pg-native'], usual: '17' },
  { type: 'mariadb', relationship: 'database', packages: ['mysql2', 'mysql', 'mariadb'], usual: '11.8' },
  { type: 'redis', relationship: 'cache', packages: ['redis', 'ioredis', 'bullmq', 'bull', '@redis/client'], usual: '8.0' },
  { type: 'mongodb', relationship: 'documents', packages: ['mongodb', 'mongoose'], usual: '7.0' },
  { type: 'rabbitmq', relationship: 'queue', packages: ['amqplib', 'rhea'], usual: '4.1' },
  { type: 'memcached', relationship: 'memory', packages: ['memcached', 'memjs'], usual: '1.6' },
  { type: 'opensearch', relationship: 'search', packages: ['@opensearch-project/opensearch', '@elastic/elasticsearch'], usual: '3' },
] as const

export function servicesFor({ dependencies }: Package, support: Support): DetectedService[] {
  const taken = new Set<string>()
  return CLIENTS.flatMap(({ type, relationship, packages, usual }) => {
    const client = packages.find((name) => dependencies.has(name))
    if (client === undefined) return []
    const versions = supported(support.services, type)?.versions ?? []
    const version = versions.find((candidate) => candidate === usual) ?? versions[0]
    const own = taken.has(relationship) ? type : relationship
    if (version !== undefined) taken.add(own)
    const note =
      version === undefined
        ? `The package ${client} talks to ${type}, which Friday does not run yet.`
        : `The package ${client} talks to ${type}: version ${version} is there as "${own}", see ${own.toUpperCase()}_URL.`
    return [{ name: type, type, version, relationship: own, note }]
  })
}
