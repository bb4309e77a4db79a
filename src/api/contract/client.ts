// The typed client: one function that calls any operation by name, and streams for logs.
import { FridayError } from '#lib/errors.ts'
import type { Problem } from './models.ts'
import { operations, type InputOf, type Operation, type OperationName, type OutputOf } from './operations.ts'

export interface Client {
  readonly url: string
  readonly token: string | undefined
  call<Name extends OperationName>(name: Name, input: InputOf<Name>): Promise<OutputOf<Name>>
  /** Lines of an activity's log from after `position` to its end; reconnects by position when the connection drops. */
  activityLog(activity: string, position?: number, signal?: AbortSignal): AsyncGenerator<{ position: number; text: string }>
  /** What a process of an environment writes, as raw text. */
  processLog(
    target: { project: string; environment: string; process?: string; follow: boolean },
    signal?: AbortSignal,
  ): AsyncGenerator<string>
}

const UNREACHABLE = { status: 503, advice: 'Start it with `friday start`, or name the right address with FRIDAY_URL.' }

export function createClient({ url, token }: { url: string; token?: string | undefined }): Client {
  async function request(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers)
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
    let response: Response
    try {
      response = await fetch(`${url}/api${path}`, { ...init, headers })
    } catch (cause) {
      if (init.signal?.aborted === true) throw cause
      throw new FridayError('client.unreachable', `Friday does not answer at ${url}`, UNREACHABLE, { cause })
    }
    if (!response.ok) throw await problemOf(response, url)
    return response
  }

  return {
    url,
    token,
    async call(name, input) {
      const { path, init } = requestOf(operations[name], (input ?? {}) as Record<string, unknown>)
      const response = await request(path, init)
      return (await response.json()) as OutputOf<typeof name> // the server validates against the same schema
    },
    async *activityLog(activity, position = 0, signal) {
      let last = position
      for (let failures = 0; ;) {
        try {
          const response = await request(`/activities/${encodeURIComponent(activity)}/log?after=${last}`, { signal })
          for await (const event of serverSentEvents(response)) {
            failures = 0
            if (event.name === 'end') return
            last = Number(event.id)
            yield { position: last, text: event.data }
          }
        } catch (error) {
          if (signal?.aborted === true || error instanceof FridayError || ++failures > 5) throw error
        }
      }
    },
    async *processLog({ project, environment, process, follow }, signal) {
      const query = new URLSearchParams({ follow: String(follow), ...(process === undefined ? {} : { process }) })
      const response = await request(
        `/projects/${encodeURIComponent(project)}/environments/${encodeURIComponent(environment)}/log?${query}`,
        { signal },
      )
      const decoder = new TextDecoder()
      for await (const chunk of bodyOf(response)) yield decoder.decode(chunk, { stream: true })
    },
  }
}

function requestOf(operation: Operation, input: Record<string, unknown>): { path: string; init: RequestInit } {
  const rest = new Map(Object.entries(input).filter(([, value]) => value !== undefined))
  const take = (shape: object | undefined) =>
    Object.keys(shape ?? {}).flatMap((key) => (rest.has(key) ? [[key, rest.get(key)] as const] : []))
  const path = operation.path.replace(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(String(input[key])))
  const query = new URLSearchParams(Object.fromEntries(take(operation.query?.shape).map(([key, value]) => [key, String(value)])))
  const body = operation.body === undefined ? undefined : JSON.stringify(Object.fromEntries(take(operation.body.shape)))
  return {
    path: query.size > 0 ? `${path}?${query}` : path,
    init: {
      method: operation.method.toUpperCase(),
      ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
    },
  }
}

async function problemOf(response: Response, url: string): Promise<FridayError> {
  const text = await response.text()
  try {
    const { error } = JSON.parse(text) as Problem
    return new FridayError(error.code, error.message, { status: response.status, advice: error.advice }, error.details)
  } catch {
    return new FridayError('client.answer', `${url} answered ${response.status} and is perhaps not a Friday`, UNREACHABLE)
  }
}

async function* bodyOf(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader()
  for (;;) {
    const part = await reader?.read()
    if (part === undefined || part.done) return
    yield part.value as Uint8Array
  }
}

async function* serverSentEvents(response: Response): AsyncGenerator<{ id: string; name: string; data: string }> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of bodyOf(response)) {
    text += decoder.decode(chunk, { stream: true })
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const fields = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      const values = (name: string) =>
        fields.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ''))
      const data = values('data')
      if (data.length > 0) yield { id: values('id')[0] ?? '', name: values('event')[0] ?? 'message', data: data.join('\n') }
    }
  }
}
