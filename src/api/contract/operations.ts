// Every operation of the API as data: the server registers them, the client calls them, OpenAPI describes them.
import { z } from '@hono/zod-openapi'
import { Activity, Difference, Environment, EnvironmentDetail, Project, Status, Token } from './models.ts'

export interface Operation {
  readonly method: 'get' | 'post' | 'delete'
  readonly path: string
  readonly summary: string
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodObject
  readonly response: z.ZodType
  /** Answered without a token. */
  readonly open?: true
}

const project = z.object({ project: z.string() })
const environment = project.extend({ environment: z.string().describe('Branch or slug') })

export const operations = {
  login: {
    method: 'post',
    path: '/login',
    summary: 'Trade the one-time token for the first administrator’s token',
    body: z.object({ setupToken: z.string(), name: z.string() }),
    response: Token,
    open: true,
  },
  status: { method: 'get', path: '/status', summary: 'How Friday runs on this machine', response: Status },
  createProject: {
    method: 'post',
    path: '/projects',
    summary: 'Create a project with an empty repository',
    body: z.object({ name: z.string(), title: z.string().optional(), defaultBranch: z.string().optional() }),
    response: Project,
  },
  listProjects: { method: 'get', path: '/projects', summary: 'List projects', response: z.array(Project) },
  getProject: { method: 'get', path: '/projects/{project}', summary: 'One project', params: project, response: Project },
  deleteProject: {
    method: 'delete',
    path: '/projects/{project}',
    summary: 'Delete a project with all its environments and their data',
    params: project,
    response: z.object({ deleted: z.string() }),
  },
  listEnvironments: {
    method: 'get',
    path: '/projects/{project}/environments',
    summary: 'List the environments of a project',
    params: project,
    response: z.array(Environment),
  },
  createEnvironment: {
    method: 'post',
    path: '/projects/{project}/environments',
    summary: 'Create a branch and its environment, cloned from its parent',
    params: project,
    body: z.object({
      branch: z.string(),
      parent: z.string().optional().describe('Branch; default production'),
      outbound: z.enum(['open', 'sealed']).optional(),
    }),
    response: Activity,
  },
  getEnvironment: {
    method: 'get',
    path: '/projects/{project}/environments/{environment}',
    summary: 'One environment, with its processes and data',
    params: environment,
    response: EnvironmentDetail,
  },
  deleteEnvironment: {
    method: 'delete',
    path: '/projects/{project}/environments/{environment}',
    summary: 'Delete an environment, its branch and all it owns; production refuses',
    params: environment,
    response: Activity,
  },
  redeploy: {
    method: 'post',
    path: '/projects/{project}/environments/{environment}/deployments',
    summary: 'Deploy the environment’s commit again',
    params: environment,
    response: Activity,
  },
  pause: {
    method: 'post',
    path: '/projects/{project}/environments/{environment}/pause',
    summary: 'Stop its processes and keep its data',
    params: environment,
    response: Activity,
  },
  resume: {
    method: 'delete',
    path: '/projects/{project}/environments/{environment}/pause',
    summary: 'Start a paused environment again',
    params: environment,
    response: Activity,
  },
  listActivities: {
    method: 'get',
    path: '/projects/{project}/activities',
    summary: 'Activities of a project, newest first',
    params: project,
    query: z.object({ environment: z.string().optional(), limit: z.coerce.number().int().min(1).max(500).optional() }),
    response: z.array(Activity),
  },
  getActivity: {
    method: 'get',
    path: '/activities/{activity}',
    summary: 'One activity',
    params: z.object({ activity: z.string() }),
    response: Activity,
  },
  shutdown: {
    method: 'post',
    path: '/shutdown',
    summary: 'Stop Friday with every application, service and the router; data is kept',
    response: z.object({ stopping: z.literal(true) }),
  },
  diff: {
    method: 'get',
    path: '/projects/{project}/diff',
    summary: 'What differs between two environments, layer by layer',
    params: project,
    query: z.object({ before: z.string(), after: z.string() }),
    response: Difference,
  },
} as const satisfies Record<string, Operation>

export type OperationName = keyof typeof operations
type Field<Name extends OperationName, Key extends keyof Operation> =
  (typeof operations)[Name] extends Record<Key, infer Schema extends z.ZodType> ? z.infer<Schema> : unknown
/** Everything an operation takes: its path parameters, query and body in one flat object. */
export type InputOf<Name extends OperationName> = Field<Name, 'params'> & Field<Name, 'query'> & Field<Name, 'body'>
export type OutputOf<Name extends OperationName> = z.infer<(typeof operations)[Name]['response']>
