// The first tables: who may do what, projects, environments, releases, activities and their logs.
import { sql, type Kysely } from 'kysely'

export async function up(db: Kysely<never>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table settings (key text primary key, value text not null)`,
  `create table users (id text primary key, name text not null unique, created_at timestamptz not null default now())`,
  `create table tokens (id text primary key, user_id text not null references users on delete cascade, label text not null, hash text not null unique,
     created_at timestamptz not null default now(), used_at timestamptz)`,
  `create table projects (id text primary key, name text not null unique, title text not null, default_branch text not null, entropy text not null,
     created_at timestamptz not null default now())`,
  `create table environments (id text primary key, project_id text not null references projects, branch text not null, slug text not null,
     type text not null, parent_id text references environments, status text not null, outbound text not null default 'open', release_id text, deployment text, volume text,
     lineage jsonb not null default '{"from":"empty"}', created_at timestamptz not null default now(),
     unique (project_id, branch), unique (project_id, slug))`,
  `create table resolutions (project_id text not null references projects, kind text not null, type text not null, wanted text not null, version text not null,
     integrity text not null, primary key (project_id, kind, type, wanted))`,
  `create table builds (id text primary key, project_id text not null references projects, app text not null, tree text not null,
     packages jsonb not null default '{}', ms integer not null, created_at timestamptz not null default now())`,
  `create table releases (id text primary key, project_id text not null references projects, environment_id text not null, number integer not null,
     commit text not null, system_hash text, system jsonb, plan jsonb not null, created_at timestamptz not null default now(),
     unique (environment_id, number))`,
  `create table service_instances (environment_id text not null references environments on delete cascade, name text not null, exact jsonb not null,
     credentials text not null, former_credentials text, primary key (environment_id, name))`,
  `create table activities (id text primary key, project_id text not null references projects, environment_id text, type text not null, actor text not null,
     state text not null, result text, input jsonb not null, failure jsonb, phases jsonb not null default '[]', created_at timestamptz not null default now(),
     started_at timestamptz, completed_at timestamptz)`,
  `create index activities_open on activities (created_at) where state <> 'complete'`,
  `create index activities_of_environment on activities (environment_id, created_at desc)`,
  `create index activities_of_project on activities (project_id, created_at desc)`,
  `create table activity_log (activity_id text not null, position bigserial, at timestamptz not null default now(), text text not null,
     primary key (activity_id, position))`,
]
