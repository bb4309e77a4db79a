// The runtimes and services that this Friday has: the one list that a new driver is added to.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { supportOf } from '#deployments/resolve.ts'
import { silentLog, type Log } from '#lib/log.ts'
import type { Support } from '#manifest/support.ts'
import { createPackageStore, type PackageStore } from '#registry/store.ts'
import { createNodejs } from '#runtimes/nodejs/nodejs.ts'
import type { Runtime } from '#runtimes/runtime.ts'
import { createPostgresql } from '#services/postgresql/postgresql.ts'
import type { Service } from '#services/service.ts'

export interface Drivers {
  readonly runtimes: ReadonlyMap<string, Runtime>
  readonly services: ReadonlyMap<string, Service>
}

export function createDrivers({ store, log }: { store: PackageStore; log: Log }): Drivers {
  const runtimes = [createNodejs({ store, cacheFolder: '/cache' })]
  const services = [createPostgresql({ store, log })]
  return {
    runtimes: new Map(runtimes.map((runtime) => [runtime.name, runtime])),
    services: new Map(services.map((service) => [service.type, service])),
  }
}

/** What a manifest may ask for, without a server: the store is never opened for that. */
export function ownSupport(): Support {
  const store = createPackageStore({ folder: join(tmpdir(), 'friday-unused'), log: silentLog })
  const { runtimes, services } = createDrivers({ store, log: silentLog })
  return supportOf(runtimes, services)
}
