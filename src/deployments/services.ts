// The services of an environment: brought up on its volume, given credentials of their own, quiesced, read and stopped.
import type { ActivityLog } from '#activities/log.ts'
import type { Vault } from '#config/secrets.ts'
import type { Database } from '#db/database.ts'
import type { Engine, Limits, Mount, ProcessSpec } from '#engines/engine.ts'
import type { Environment } from '#environments/environments.ts'
import { errorTable } from '#lib/errors.ts'
import { isThere, writeFileAtomic } from '#lib/files.ts'
import { slugOf } from '#lib/ids.ts'
import { ensureFolder, within, type Location } from '#lib/location.ts'
import { Secret } from '#lib/secret.ts'
import { waitFor } from '#lib/wait.ts'
import type { Credentials, ExactService, Service, ServiceConfiguration, ServiceInstance } from '#services/service.ts'

export const fail = errorTable('services', {
  not_ready: { status: 500, advice: 'Its last lines are above; `friday logs --process <service>` shows more.' },
  initialise: { status: 500, advice: 'The log above says what the service found wrong.' },
  changed: { status: 422, advice: 'Keep the service as it is and add a second one beside it; move the data, then remove the first.' },
})

/** One service as a release wants it. */
export interface PlannedService {
  readonly name: string
  readonly exact: ExactService
  readonly configuration: ServiceConfiguration
}

export interface ServiceHost {
  /** Makes ready what `start` on a volume that is still being cloned will need. What is wrong with it is said by `start`. */
  prepare(environment: Environment, volume: Location, services: readonly PlannedService[]): Promise<void>
  /** Starts the process of every service, on its folder of the volume. Idempotent. */
  start(environment: Environment, volume: Location, services: readonly PlannedService[], log: ActivityLog): Promise<void>
  /** Waits until every service answers, and brings it to the plan: credentials its own, configured. Idempotent. */
  settle(environment: Environment, services: readonly PlannedService[], log: ActivityLog): Promise<void>
  /** A child gets credentials of its own, and is told its parent's, since the data it was cloned with knows those. `services` are the parent's. */
  inherit(parent: Environment, child: Environment, services: readonly PlannedService[]): Promise<void>
  instances(
    environment: Environment,
    services: readonly PlannedService[],
  ): Promise<readonly { driver: Service; instance: ServiceInstance }[]>
  /** Makes what is on disk quick to recover from; every service at once. Errors of one that does not answer are ignored: a crash image is valid too. */
  quiesce(environment: Environment, services: readonly PlannedService[]): Promise<void>
  stop(environment: Environment): Promise<void>
}

interface Dependencies {
  readonly db: Database
  readonly engine: Engine
  readonly vault: Vault
  readonly driverOf: (type: string) => Service
}

const MEMORY_BYTES = 512 * 1024 ** 2
const LIMITS: Limits = { memoryBytes: MEMORY_BYTES, cpus: 2, pids: 512, tmpBytes: 256 * 1024 ** 2 }
const READY_MS = 60_000
const DATA = '/data'
/** Lies in a service's folder once its first preparation is complete; cloned with the data. */
const INITIALISED = '.initialised'

export function serviceProcessId(environment: { id: string }, name: string): string {
  return `${environment.id}-svc-${slugOf(name, 24)}`
}

export function createServiceHost({ db, engine, vault, driverOf }: Dependencies): ServiceHost {
  /** Everything about one service in an environment whose volume is there, or will be. */
  async function detailsOf(environment: Environment, volume: Location, planned: PlannedService) {
    const driver = driverOf(planned.exact.type)
    const id = serviceProcessId(environment, planned.name)
    const instance = await instanceOf(environment, planned)
    const data = within(volume, 'services', slugOf(planned.name, 24))
    const mounts: readonly Mount[] = [...(await driver.install(planned.exact)), { source: data, target: DATA, readonly: false }]
    const at = engine.paths(id, mounts)
    const spec: ProcessSpec = {
      id,
      network: environment.id,
      ...driver.process(instance, at, at(DATA)),
      mounts,
      hosts: {},
      limits: LIMITS,
      restart: 'always',
      labels: { role: 'service', environment: environment.id, name: planned.name },
    }
    return { driver, id, instance, data, mounts, at, spec }
  }

  async function start(environment: Environment, volume: Location, planned: PlannedService, log: ActivityLog): Promise<void> {
    await refuseChange(environment, planned)
    const { driver, id, instance, data, mounts, at, spec } = await detailsOf(environment, volume, planned)
    log.hide(Object.values(instance.credentials))
    const status = await engine.status(id)
    if (status !== undefined && status.state !== 'prepared') return
    await ensureFolder(data, 0o700)
    // Of a clone the process can be made while its files change hands.
    const cloned = await isThere(within(data, INITIALISED).path)
    const prepared = cloned ? engine.prepare(spec).catch(() => undefined) : undefined
    try {
      await engine.own(environment.id, data)
      await initialise({ environment, planned, driver, data, instance, mounts, log })
      await driver.prepare(instance, data.path, at, at(DATA))
    } finally {
      await prepared
    }
    await engine.start(spec)
  }

  async function settle(environment: Environment, planned: PlannedService, log: ActivityLog): Promise<void> {
    const driver = driverOf(planned.exact.type)
    const instance = await instanceOf(environment, planned)
    const former = await formerCredentials(environment.id, planned.name)
    log.hide(Object.values(former ?? {}))
    const settled = await waitFor(() => driver.settle(instance, former), { timeoutMs: READY_MS, everyMs: 4 })
    if (settled === undefined) {
      for await (const chunk of engine.logs(serviceProcessId(environment, planned.name))) log.output(chunk, `  ${planned.name}: `)
      const { type, version } = planned.exact
      throw fail('not_ready', `The service ${planned.name} (${type} ${version}) did not answer within ${READY_MS / 1000} s`)
    }
    if (former !== undefined) await setRow(environment.id, planned.name, { former_credentials: null })
  }

  async function initialise(to: {
    environment: Environment
    planned: PlannedService
    driver: Service
    data: Location
    instance: ServiceInstance
    mounts: readonly Mount[]
    log: ActivityLog
  }): Promise<void> {
    const { environment, planned, driver, data, instance, mounts, log } = to
    const id = `${environment.id}-init-${slugOf(planned.name, 24)}`
    const half = (await engine.status(id)) !== undefined
    if (!half && (await isThere(within(data, INITIALISED).path))) return
    const at = engine.paths(id, mounts)
    const command = driver.initialise(instance, at, at(DATA))
    if (command === undefined) return
    const result = await engine.run(
      {
        id,
        network: environment.id,
        ...command,
        mounts,
        hosts: {},
        limits: LIMITS,
        labels: { role: 'initialise', environment: environment.id },
      },
      { onOutput: (chunk) => log.output(chunk, `  ${planned.name}: `), timeoutMs: READY_MS },
    )
    await engine.stop(id, 0)
    if (result.exitCode !== 0) throw fail('initialise', `The service ${planned.name} could not be prepared (exit code ${result.exitCode})`)
    await writeFileAtomic(within(data, INITIALISED).path, '')
  }

  async function refuseChange(environment: Environment, planned: PlannedService): Promise<void> {
    const row = await rowOf(environment.id, planned.name)
    if (row === undefined) return
    const major = (version: string) => version.split('.')[0]
    if (row.exact.type !== planned.exact.type || major(row.exact.version) !== major(planned.exact.version)) {
      throw fail(
        'changed',
        `The service ${planned.name} runs ${row.exact.type} ${row.exact.version}; its data cannot be opened by ${planned.exact.type} ${planned.exact.version}`,
      )
    }
  }

  async function instanceOf(environment: Environment, planned: PlannedService): Promise<ServiceInstance> {
    const driver = driverOf(planned.exact.type)
    const endpoint = await engine.allocate(environment.id, `svc-${slugOf(planned.name, 24)}`, driver.port)
    return {
      name: planned.name,
      service: planned.exact,
      configuration: planned.configuration,
      credentials: await credentialsOf(environment, planned, driver),
      endpoint,
      memoryBytes: MEMORY_BYTES,
      durable: environment.type !== 'development',
    }
  }

  async function credentialsOf(environment: Environment, planned: PlannedService, driver: Service): Promise<Credentials> {
    const fresh = driver.newCredentials(planned.configuration)
    await db
      .insertInto('service_instances')
      .values({
        environment_id: environment.id,
        name: planned.name,
        exact: JSON.stringify(planned.exact),
        credentials: sealCredentials(vault, fresh),
        former_credentials: null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    // An endpoint that a later release adds gets its password then, one for whoever asks at the same time.
    return db.transaction().execute(async (transaction) => {
      const { credentials } = await transaction
        .selectFrom('service_instances')
        .select('credentials')
        .where('environment_id', '=', environment.id)
        .where('name', '=', planned.name)
        .forUpdate()
        .executeTakeFirstOrThrow()
      const kept = openCredentials(vault, credentials)
      const all = { ...fresh, ...kept }
      if (Object.keys(all).length > Object.keys(kept).length) {
        await setRow(environment.id, planned.name, { credentials: sealCredentials(vault, all) }, transaction)
      }
      return all
    })
  }

  const rowOf = (environmentId: string, name: string) =>
    db.selectFrom('service_instances').selectAll().where('environment_id', '=', environmentId).where('name', '=', name).executeTakeFirst()

  async function formerCredentials(environmentId: string, name: string): Promise<Credentials | undefined> {
    const row = await rowOf(environmentId, name)
    return row?.former_credentials == null ? undefined : openCredentials(vault, row.former_credentials)
  }

  async function setRow(
    environmentId: string,
    name: string,
    change: { credentials?: string; former_credentials?: string | null },
    on: Pick<Database, 'updateTable'> = db,
  ) {
    await on.updateTable('service_instances').set(change).where('environment_id', '=', environmentId).where('name', '=', name).execute()
  }

  async function instances(environment: Environment, services: readonly PlannedService[]) {
    return Promise.all(
      services.map(async (planned) => ({ driver: driverOf(planned.exact.type), instance: await instanceOf(environment, planned) })),
    )
  }

  return {
    instances,
    async prepare(environment, volume, services) {
      await Promise.allSettled(services.map(async (planned) => engine.prepare((await detailsOf(environment, volume, planned)).spec)))
    },
    async start(environment, volume, services, log) {
      await Promise.all(services.map((planned) => start(environment, volume, planned, log)))
    },
    async settle(environment, services, log) {
      await Promise.all(services.map((planned) => settle(environment, planned, log)))
    },
    async inherit(parent, child, services) {
      const configurationOf = (name: string) => services.find((planned) => planned.name === name)?.configuration ?? {}
      const rows = await db.selectFrom('service_instances').selectAll().where('environment_id', '=', parent.id).execute()
      if (rows.length === 0) return
      await db
        .insertInto('service_instances')
        .values(
          rows.map((row) => ({
            environment_id: child.id,
            name: row.name,
            exact: JSON.stringify(row.exact),
            credentials: sealCredentials(vault, driverOf(row.exact.type).newCredentials(configurationOf(row.name))),
            former_credentials: row.credentials,
          })),
        )
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },
    async quiesce(environment, services) {
      const all = await instances(environment, services)
      await Promise.all(all.map(({ driver, instance }) => driver.quiesce(instance).catch(() => undefined)))
    },
    async stop(environment) {
      const processes = (await engine.list()).filter(
        (process) => process.labels['environment'] === environment.id && process.labels['role'] === 'service',
      )
      await Promise.all(processes.map((process) => engine.stop(process.id)))
    },
  }
}

function sealCredentials(vault: Vault, credentials: Credentials): string {
  const plain = Object.fromEntries(Object.entries(credentials).map(([key, secret]) => [key, secret.reveal()]))
  return vault.seal(new Secret(JSON.stringify(plain)))
}

function openCredentials(vault: Vault, sealed: string): Credentials {
  const plain = JSON.parse(vault.open(sealed).reveal()) as Record<string, string> // sealed by the function above
  return Object.fromEntries(Object.entries(plain).map(([key, value]) => [key, new Secret(value)]))
}
