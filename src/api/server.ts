// The API over HTTP: operations of the contract bound to the domains, logs as streams, errors in one shape.
import { OpenAPIHono, createRoute, type RouteConfig } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { stream, streamSSE } from 'hono/streaming'
import type { Access, User } from '#access/access.ts'
import { fail as accessFail } from '#access/access.ts'
import type { ActivityLogs } from '#activities/log.ts'
import type { Activities } from '#activities/activities.ts'
import { FridayError, messageOf } from '#lib/errors.ts'
import type { Log } from '#lib/log.ts'
import { Problem } from './contract/models.ts'
import { operations, type InputOf, type Operation, type OperationName, type OutputOf } from './contract/operations.ts'

export interface Caller {
  readonly user: User
}

/** What each operation does; `input` has been validated. */
export type Handlers = {
  readonly [Name in Exclude<OperationName, 'login'>]: (input: InputOf<Name>, caller: Caller) => Promise<OutputOf<Name>>
}

export interface ApiDependencies {
  readonly access: Access
  readonly activities: Activities
  readonly logs: ActivityLogs
  readonly handlers: Handlers
  /** Output of an environment's processes. */
  readonly processLog: (
    target: { project: string; environment: string; process?: string; follow: boolean },
    signal: AbortSignal,
  ) => Promise<AsyncIterable<Uint8Array>>
  readonly version: string
  readonly log: Log
}

/** Far above any document of the contract. */
const MAX_BODY_BYTES = 256 * 1024

interface Variables {
  Variables: { caller: Caller }
}

export function createApi(dependencies: ApiDependencies): OpenAPIHono<Variables> {
  const { access, log, version } = dependencies
  const app = new OpenAPIHono<Variables>({
    defaultHook: (result) => {
      if (result.success) return
      const lines = result.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`)
      throw new FridayError('api.input', lines.join('; '), { status: 422, advice: 'See /api/openapi.json for what this operation takes.' })
    },
  }).basePath('/api')

  app.onError((error, context) => problem(context, error, log))
  app.notFound((context) =>
    problem(
      context,
      new FridayError('api.unknown', `There is no ${context.req.path}`, {
        status: 404,
        advice: 'See /api/openapi.json for what there is.',
      }),
      log,
    ),
  )
  app.use('*', refuseNul, bodyLimit({ maxSize: MAX_BODY_BYTES, onError: tooLarge }), refuseBody)
  app.use('*', (context, next) => (isOpen(context.req.method, context.req.path) ? next() : authenticated(access, context, next)))

  for (const name of Object.keys(operations) as OperationName[]) register(app, name, dependencies)
  activityLogRoute(app, dependencies)
  processLogRoute(app, dependencies)
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' })
  app.doc31('/openapi.json', { openapi: '3.1.0', info: { title: 'Friday', version }, servers: [{ url: '/' }], security: [{ token: [] }] })
  return app
}

/** No name holds a NUL, and the database refuses it in its own words. */
async function refuseNul(context: Context, next: () => Promise<void>): Promise<void> {
  if (!/%00/.test(context.req.url)) return next()
  throw new FridayError('api.unknown', `There is no ${JSON.stringify(context.req.path)}`, {
    status: 404,
    advice: 'Leave out the NUL character.',
  })
}

function tooLarge(): never {
  throw new FridayError('api.input', `The document is larger than ${MAX_BODY_BYTES / 1024} KB`, { status: 413, advice: 'Send less.' })
}

/** A document that is not said to be JSON, or that holds a NUL somewhere. */
async function refuseBody(context: Context, next: () => Promise<void>): Promise<void> {
  const text = await context.req.text()
  if (text === '') return next()
  const type = context.req.header('content-type') ?? ''
  if (!/^application\/json\s*(?:;|$)/i.test(type)) {
    throw new FridayError('api.input', `content-type: ${JSON.stringify(type.slice(0, 80))} is not application/json`, {
      status: 415,
      advice: 'Send a JSON object.',
    })
  }
  if (/\\u0000/.test(text) && holdsNul(text)) {
    throw new FridayError('api.input', 'body: holds a NUL character', { status: 422, advice: 'Leave out the NUL character.' })
  }
  return next()
}

function holdsNul(text: string): boolean {
  let found = false
  try {
    JSON.parse(text, (key, value: unknown) => {
      found ||= key.includes('\0') || (typeof value === 'string' && value.includes('\0'))
      return value
    })
  } catch {
    // Whoever reads the document says what is wrong with it.
  }
  return found
}

async function authenticated(access: Access, context: Context<Variables>, next: () => Promise<void>): Promise<void> {
  const token = /^Bearer (\S+)$/.exec(context.req.header('authorization') ?? '')?.[1]
  const user = token === undefined ? undefined : await access.authenticate(token)
  if (user === undefined) throw accessFail('unauthenticated', token === undefined ? 'This needs a token' : 'The token is not known here')
  context.set('caller', { user })
  await next()
}

function isOpen(method: string, path: string): boolean {
  if (path === '/api/openapi.json') return true
  return Object.values(operations as Record<string, Operation>).some(
    (operation) => operation.open === true && operation.method.toUpperCase() === method && `/api${operation.path}` === path,
  )
}

function register(app: OpenAPIHono<Variables>, name: OperationName, { access, handlers }: ApiDependencies): void {
  const operation: Operation = operations[name]
  const json = (schema: Operation['response'], description: string) => ({ description, content: { 'application/json': { schema } } })
  const route = createRoute({
    method: operation.method,
    path: operation.path,
    operationId: name,
    summary: operation.summary,
    ...(operation.open === true ? { security: [] } : {}),
    request: {
      ...(operation.params === undefined ? {} : { params: operation.params }),
      ...(operation.query === undefined ? {} : { query: operation.query }),
      ...(operation.body === undefined ? {} : { body: { required: true, content: { 'application/json': { schema: operation.body } } } }),
    },
    responses: { 200: json(operation.response, 'Done'), default: json(Problem, 'What went wrong, and what to do next') },
  } as RouteConfig) // the operation's schemas are only known at run time; `Handlers` keeps the types
  const answer = async (context: Context<Variables>) => {
    const request = context.req as unknown as { valid(target: 'param' | 'query' | 'json'): object | undefined }
    const input = {
      ...(operation.params && request.valid('param')),
      ...(operation.query && request.valid('query')),
      ...(operation.body && request.valid('json')),
    }
    if (name === 'login') {
      const { setupToken, name: user } = input as InputOf<'login'>
      const { token } = await access.firstLogin(setupToken, user)
      return context.json({ token: token.reveal(), user })
    }
    const handler = handlers[name] as (input: object, caller: Caller) => Promise<object>
    return context.json(await handler(input, context.get('caller')))
  }
  app.openapi(route as never, answer as never)
}

function activityLogRoute(app: OpenAPIHono<Variables>, { activities, logs }: ApiDependencies): void {
  app.get('/activities/:activity/log', async (context) => {
    const id = context.req.param('activity')
    await activities.get(id)
    let position = Math.max(0, Number(context.req.header('last-event-id') ?? context.req.query('after') ?? 0) || 0)
    return streamSSE(context, async (events) => {
      const ended = new AbortController()
      events.onAbort(() => ended.abort())
      while (!ended.signal.aborted) {
        // The state is read before the lines: what is complete then has all its lines already.
        const complete = (await activities.get(id)).state === 'complete'
        const change = logs.changed(id, 1000, ended.signal)
        const lines = await logs.read(id, position)
        for (const line of lines) {
          position = line.position
          await events.writeSSE({ id: String(line.position), data: line.text === '' ? ' ' : line.text })
        }
        if (lines.length > 0) continue
        if (complete) return events.writeSSE({ event: 'end', data: 'end' })
        await change
      }
    })
  })
}

function processLogRoute(app: OpenAPIHono<Variables>, { processLog }: ApiDependencies): void {
  app.get('/projects/:project/environments/:environment/log', async (context) => {
    const { project, environment } = context.req.param()
    const process = context.req.query('process')
    const follow = context.req.query('follow') === 'true'
    const ended = new AbortController()
    const chunks = await processLog({ project, environment, follow, ...(process === undefined ? {} : { process }) }, ended.signal)
    context.header('content-type', 'text/plain; charset=utf-8')
    return stream(context, async (out) => {
      out.onAbort(() => ended.abort())
      for await (const chunk of chunks) await out.write(chunk)
    })
  })
}

function problem(context: Context, error: unknown, log: Log): Response {
  if (error instanceof FridayError) {
    const { code, message, advice, details } = error
    if (error.status >= 500) log.error({ err: error, path: context.req.path }, 'request failed')
    return context.json({ error: { code, message, advice, details } }, error.status as never)
  }
  log.error({ err: error, path: context.req.path }, 'request failed unexpectedly')
  const malformed = error instanceof Error && 'status' in error && error.status === 400
  const body = malformed
    ? { code: 'api.input', message: messageOf(error), advice: 'Send a JSON object.', details: {} }
    : {
        code: 'internal',
        message: 'Friday could not do this',
        advice: 'This is a fault in Friday; its own log has the details.',
        details: {},
      }
  return context.json({ error: body }, malformed ? 400 : 500)
}
