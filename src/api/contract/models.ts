// What the API says and hears: one schema per noun, from which validation, types and the OpenAPI document come.
import { z } from '@hono/zod-openapi'

const moment = z.string().describe('RFC 3339')

export const Failure = z.object({ code: z.string(), message: z.string(), advice: z.string() }).openapi('Failure')
export const Problem = z.object({ error: Failure.extend({ details: z.record(z.string(), z.unknown()) }) }).openapi('Problem')

export const Project = z
  .object({ id: z.string(), name: z.string(), title: z.string(), defaultBranch: z.string(), gitUrl: z.string(), createdAt: moment })
  .openapi('Project')

export const Release = z
  .object({
    id: z.string(),
    number: z.number(),
    commit: z.string(),
    system: z.string().nullable().describe('Hash of its system; null until it has been read'),
  })
  .openapi('Release')

export const Data = z
  .object({
    rows: z.number().nullable().describe('Rows in all tables; null while no service answers'),
    ownBytes: z.number(),
    sharedBytes: z.number(),
    from: z.string().describe('Where the data came from, one sentence'),
  })
  .openapi('Data')

export const Environment = z
  .object({
    id: z.string(),
    project: z.string(),
    branch: z.string(),
    slug: z.string(),
    type: z.enum(['production', 'staging', 'development']),
    status: z.enum(['new', 'active', 'paused', 'deleting']),
    parent: z.string().nullable(),
    outbound: z.enum(['open', 'sealed']),
    urls: z.array(z.string()).describe('The primary one first'),
    release: Release.nullable(),
    createdAt: moment,
  })
  .openapi('Environment')

export const EnvironmentDetail = Environment.extend({
  data: Data.nullable(),
  processes: z.array(
    z.object({ id: z.string(), name: z.string(), role: z.string(), state: z.string(), restarts: z.number(), startedAt: moment }),
  ),
}).openapi('EnvironmentDetail')

export const Activity = z
  .object({
    id: z.string(),
    project: z.string(),
    environment: z.string().nullable(),
    type: z.string(),
    actor: z.string(),
    state: z.enum(['pending', 'in_progress', 'complete']),
    result: z.enum(['success', 'failure', 'cancelled']).nullable(),
    failure: Failure.nullable(),
    phases: z.array(z.object({ name: z.string(), ms: z.number() })),
    createdAt: moment,
    startedAt: moment.nullable(),
    completedAt: moment.nullable(),
  })
  .openapi('Activity')

export const Status = z
  .object({
    version: z.string(),
    user: z.string(),
    engine: z.object({ name: z.string(), limits: z.array(z.string()) }),
    volumes: z.object({ name: z.string(), limits: z.array(z.string()), freeBytes: z.number() }),
    database: z.enum(['embedded', 'external']),
    router: z.string().describe('Address at which applications are reached'),
    limits: z.array(z.string()).describe('What this Friday does not do yet and a user should know'),
    projects: z.number(),
    environments: z.number(),
  })
  .openapi('Status')

export const LayerDifference = z
  .object({
    layer: z.string(),
    alike: z.boolean(),
    changes: z.array(z.object({ path: z.string(), kind: z.enum(['added', 'removed', 'changed']), sentence: z.string() })),
  })
  .openapi('LayerDifference')

export const Difference = z.object({ before: z.string(), after: z.string(), layers: z.array(LayerDifference) }).openapi('Difference')

export const Token = z.object({ token: z.string(), user: z.string() }).openapi('Token')

export type Project = z.infer<typeof Project>
export type Environment = z.infer<typeof Environment>
export type EnvironmentDetail = z.infer<typeof EnvironmentDetail>
export type Activity = z.infer<typeof Activity>
export type Status = z.infer<typeof Status>
export type Difference = z.infer<typeof Difference>
export type Problem = z.infer<typeof Problem>
