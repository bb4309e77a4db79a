// The tables of Friday's state as types; `migrations/` makes them so.
import type { ColumnType, Generated, Insertable, JSONColumnType, Selectable } from 'kysely'

type Timestamp = ColumnType<Date, Date | undefined, Date>
type Moment = ColumnType<Date | null, Date | null | undefined, Date | null>

export interface Schema {
  settings: { key: string; value: string }
  users: { id: string; name: string; created_at: Timestamp }
  tokens: { id: string; user_id: string; label: string; hash: string; created_at: Timestamp; used_at: Moment }
  projects: { id: string; name: string; title: string; default_branch: string; entropy: string; created_at: Timestamp }
  environments: {
    id: string
    project_id: string
    branch: string
    slug: string
    type: 'production' | 'staging' | 'development'
    parent_id: string | null
    status: 'new' | 'active' | 'paused' | 'deleting'
    outbound: 'open' | 'sealed'
    release_id: string | null
    /** The deployment (activity) whose processes serve now. */
    deployment: string | null
    /** Id of the volume that holds its data; null until the first deployment has made it. */
    volume: string | null
    /** Where the volume's content came from. */
    lineage: JSONColumnType<Lineage>
    created_at: Timestamp
  }
  /** Versions a project has settled on, so that a child resolves to what its parent runs. */
  resolutions: {
    project_id: string
    kind: 'runtime' | 'service'
    type: string
    wanted: string
    version: string
    integrity: string
  }
  builds: {
    id: string
    project_id: string
    app: string
    tree: string
    packages: JSONColumnType<Record<string, string>>
    ms: number
    created_at: Timestamp
  }
  releases: {
    id: string
    project_id: string
    environment_id: string
    number: number
    commit: string
    /** What the release turned out to be; null from its swap until that was read. */
    system_hash: string | null
    system: JSONColumnType<object | null, string | null, string | null>
    /** The release's plan: validated project, exact runtimes and services, build ids. */
    plan: JSONColumnType<object>
    created_at: Timestamp
  }
  service_instances: {
    environment_id: string
    name: string
    exact: JSONColumnType<{ type: string; version: string; integrity: string }>
    /** Sealed JSON of the credentials it has, or is being given. */
    credentials: string
    /** Sealed JSON of its parent's, while the cloned data may still know those. */
    former_credentials: string | null
  }
  activities: {
    id: string
    project_id: string
    environment_id: string | null
    type: string
    actor: string
    state: 'pending' | 'in_progress' | 'complete'
    result: 'success' | 'failure' | 'cancelled' | null
    input: JSONColumnType<object>
    failure: JSONColumnType<Failure> | null
    /** Milliseconds of each phase, in order. */
    phases: JSONColumnType<readonly Phase[]>
    created_at: Timestamp
    started_at: Moment
    completed_at: Moment
  }
  activity_log: { activity_id: string; position: Generated<string>; at: Timestamp; text: string }
}

export interface Lineage {
  readonly from: 'empty' | 'clone'
  /** The moment at which the content was cloned, ISO 8601. */
  readonly at?: string
  /** Environment (by branch) it was cloned from. */
  readonly of?: string
}

export interface Failure {
  readonly code: string
  readonly message: string
  readonly advice: string
}

export interface Phase {
  readonly name: string
  readonly ms: number
}

export type Row<Table extends keyof Schema> = Selectable<Schema[Table]>
export type NewRow<Table extends keyof Schema> = Insertable<Schema[Table]>
