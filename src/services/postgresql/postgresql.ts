// The PostgreSQL service: the programs come as exact npm packages, majors 12 to 18.
import type { Mount, PathView } from '#engines/engine.ts'
import { randomId } from '#lib/ids.ts'
import type { Log } from '#lib/log.ts'
import { Secret } from '#lib/secret.ts'
import type { PackageStore } from '#registry/store.ts'
import type { Credentials, RelationshipEntry, Service, ServiceConfiguration, ServiceInstance } from '#services/service.ts'
import { installServer, MAJORS, resolveServer } from './binaries.ts'
import { ADMIN_CREDENTIAL, checkConfiguration, credentialOf, DEFAULT_ENDPOINT, planOf } from './configuration.ts'
import { settleServer } from './settle.ts'
import { connected, OWN_DATABASE, type Client } from './connect.ts'
import { fail } from './errors.ts'
import { FOLDER, initialiseProcess, prepareDirectory, SETTINGS_FILE } from './directory.ts'
import { readRoles, readSchema } from './schema.ts'
import { rowsIn } from './size.ts'

export interface PostgresqlOptions {
  readonly store: PackageStore
  readonly log: Log
}

const TYPE = 'postgresql'
const TARGET = '/opt/friday/postgresql'
const PORT = 5432
const CHECKPOINT_MS = 5000
/** Bytes of write-ahead log. */
const REPLAYED_QUICKLY = 64 * 1024 ** 2

export function createPostgresql({ store, log }: PostgresqlOptions): Service {
  return {
    type: TYPE,
    versions: MAJORS,
    port: PORT,
    defaultEndpoint: DEFAULT_ENDPOINT,

    check: checkConfiguration,
    endpoints: (configuration) => planOf(configuration).endpoints.map(({ name }) => name),
    resolve: async (wanted) => ({ type: TYPE, ...(await resolveServer(store, wanted)) }),
    async install(service): Promise<readonly Mount[]> {
      return [{ source: await installServer(store, service), target: TARGET, readonly: true }]
    },
    newCredentials,

    initialise(instance, at, dataPath) {
      const password = instance.credentials[ADMIN_CREDENTIAL]
      if (password === undefined) throw fail('not_initialised', `The service ${instance.name} has no administrator's password`)
      return initialiseProcess({
        version: instance.service.version,
        password,
        durable: instance.durable,
        programs: at(`${TARGET}/bin`),
        dataPath,
      })
    },
    prepare: (instance, directory) => prepareDirectory(instance, directory),
    process: (_instance, at: PathView, dataPath) => ({
      argv: [at(`${TARGET}/bin/postgres`), '-D', `${dataPath}/${FOLDER}`, '-c', `config_file=${dataPath}/${FOLDER}/${SETTINGS_FILE}`],
      cwd: dataPath,
      env: { LC_ALL: 'C', TZ: 'UTC' },
      // SIGTERM would wait for every client to leave.
      stopSignal: 'SIGINT',
    }),

    settle: settleServer,
    async quiesce(instance) {
      const { name } = instance
      await connected(instance, OWN_DATABASE, settleFiles, { statementTimeoutMs: CHECKPOINT_MS }).catch((error: unknown) => {
        if ((error as { code?: string }).code !== '57014') throw error
        log.info({ service: name }, 'a checkpoint took too long: a snapshot is good without it and takes longer to open')
      })
    },

    relationship,
    schema: readSchemas,
    async size(instance) {
      let rows = 0
      await eachDatabase(instance, async (database) => {
        rows += await connected(instance, database, rowsIn)
      })
      return { rows }
    },
  }
}

/**
 * A checkpoint only when there is enough to replay for it to be worth its writes, which a busy server feels: replaying what is left
 * takes the clone a few hundred milliseconds at most. What was committed is in the files in either case, also of transactions that did not wait for that.
 */
async function settleFiles(server: Client): Promise<void> {
  const { rows } = await server.query<{ much: boolean }>(
    'select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn) > $1 as much from pg_control_checkpoint()',
    [REPLAYED_QUICKLY],
  )
  if (rows[0]?.much !== false) await server.query('checkpoint')
  else await server.query("set synchronous_commit = on; select pg_logical_emit_message(true, 'friday', 'clone')")
}

function newCredentials(configuration: ServiceConfiguration): Credentials {
  const keys = [ADMIN_CREDENTIAL, ...planOf(configuration).endpoints.map(({ name }) => credentialOf(name))]
  return Object.fromEntries(keys.map((key) => [key, new Secret(randomId(32))]))
}

function relationship(instance: ServiceInstance, endpoint: string): RelationshipEntry {
  const plan = planOf(instance.configuration).endpoints.find(({ name }) => name === endpoint)
  const { host, port } = instance.endpoint
  return {
    username: plan?.role ?? null,
    password: instance.credentials[credentialOf(endpoint)]?.reveal() ?? null,
    scheme: 'pgsql',
    service: instance.name,
    rel: endpoint,
    host,
    hostname: host,
    ip: host,
    port,
    path: plan?.database ?? null,
    query: { is_master: true },
    fragment: null,
    cluster: null,
    type: `${TYPE}:${instance.service.version.split('.')[0]}`,
    public: false,
    host_mapped: false,
    epoch: 0,
    instance_ips: [host],
  }
}

async function readSchemas(instance: ServiceInstance): Promise<Readonly<Record<string, string>>> {
  const schema = await connected(instance, OWN_DATABASE, readRoles)
  await eachDatabase(instance, async (database) => {
    Object.assign(schema, await connected(instance, database, (client) => readSchema(client, database)))
  })
  return schema
}

async function eachDatabase(instance: ServiceInstance, visit: (database: string) => Promise<void>): Promise<void> {
  for (const database of planOf(instance.configuration).databases) await visit(database)
}
