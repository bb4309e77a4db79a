// The port every kind of service implements: how it starts, is cloned, quiesced and read. `services/conformance.suite.ts` is its contract as tests.
import type { Endpoint, Mount, PathView } from '#engines/engine.ts'
import type { Secret } from '#lib/secret.ts'

export interface ExactService {
  readonly type: string
  /** Exact version: `17.10`. */
  readonly version: string
  readonly integrity: string
}

/** What the project says of one service, already validated by `configure`'s schema. */
export interface ServiceConfiguration {
  readonly [key: string]: unknown
}

/** Kept encrypted with the environment; made by `newCredentials`, cloned with the data, then replaced by `settle`. */
export type Credentials = Readonly<Record<string, Secret>>

export interface ServiceInstance {
  readonly name: string
  readonly service: ExactService
  readonly configuration: ServiceConfiguration
  readonly credentials: Credentials
  readonly endpoint: Endpoint
  /** Bytes of memory it may use; caches are sized from it. */
  readonly memoryBytes: number
  /** A throw-away environment owes no crash durability and starts faster without it. */
  readonly durable: boolean
}

export interface ServiceProcess {
  readonly argv: readonly [string, ...string[]]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | Secret>>
  /** The signal that asks it to end in order; default SIGTERM. */
  readonly stopSignal?: 'SIGTERM' | 'SIGINT'
}

/** One entry of PLATFORM_RELATIONSHIPS, reference upsun.md §2. */
export type RelationshipEntry = Readonly<Record<string, unknown>>

export interface Service {
  readonly type: string
  readonly versions: readonly string[]
  /** The standard port. */
  readonly port: number
  readonly defaultEndpoint: string

  /** Problems of a configuration as `{path, message, expected}`; empty = good. Pure. */
  check(configuration: ServiceConfiguration): readonly { path: string; message: string; expected: string }[]
  /** Endpoints a relationship may name. Pure. */
  endpoints(configuration: ServiceConfiguration): readonly string[]
  resolve(wanted: string): Promise<ExactService>
  install(service: ExactService): Promise<readonly Mount[]>
  newCredentials(configuration: ServiceConfiguration): Credentials

  /** A command that makes `dataPath` ready when it is empty, run once in the service's container; undefined when none is needed. */
  initialise(instance: ServiceInstance, at: PathView, dataPath: string): ServiceProcess | undefined
  /** Prepares the data directory's files on every start (configuration, removing a former server's leftovers). `directory` is on the host. */
  prepare(instance: ServiceInstance, directory: string, at: PathView, dataPath: string): Promise<void>
  process(instance: ServiceInstance, at: PathView, dataPath: string): ServiceProcess
  /**
   * Brings databases, users, rights and extensions to what the configuration says; false while it does not take connections yet.
   * Data that was cloned knows other credentials, `former`: they are replaced first, all of them. Idempotent, cut off anywhere.
   */
  settle(instance: ServiceInstance, former?: Credentials): Promise<boolean>
  /** Shortens recovery of a snapshot taken right after (a checkpoint); bounded to seconds. */
  quiesce(instance: ServiceInstance): Promise<void>
  relationship(instance: ServiceInstance, endpoint: string): RelationshipEntry
  /** Schema objects by path (`main/public/table/customers/column/email` to a definition); {} for services without one. */
  schema(instance: ServiceInstance): Promise<Readonly<Record<string, string>>>
  /** Rows per table (exact when small, estimated when large), for people to see. */
  size(instance: ServiceInstance): Promise<{ readonly rows: number }>
}
