// The headers that pass the router, in both directions: hop-by-hop ones end here, and nobody but us says who the client is.
import { fail } from '#router/errors.ts'

const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'te', 'trailer', 'upgrade']

/** Set by the router; what a client writes there never reaches an application. */
const OURS = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-ssl',
  'x-forwarded-prefix',
  'x-forwarded-server',
  'x-client-ip',
  'x-client-ssl',
  'x-real-ip',
  'x-original-route',
  'x-original-uri',
  'x-original-url',
  'x-rewrite-url',
]

const PASS = 0
const DROP = 1
const HOST = 2
const CONNECTION = 3
const LENGTH = 4
const CHUNKED = 5
const EXPECT = 6

const requestClasses = new Map<string, number>([
  ...[...HOP_BY_HOP, ...OURS, 'http2-settings', 'proxy-authorization'].map((name) => [name, DROP] as const),
  ['host', HOST],
  ['connection', CONNECTION],
  ['content-length', LENGTH],
  ['transfer-encoding', CHUNKED],
  ['expect', EXPECT],
])
const responseClasses = new Map<string, number>([...HOP_BY_HOP.map((name) => [name, DROP] as const), ['connection', CONNECTION]])

const requestSpellings = new Map<string, number>()
const responseSpellings = new Map<string, number>()

/** Named in `Connection` these still pass: dropping them would change what the application sees. */
const PROTECTED = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'authorization',
  'cookie',
  'set-cookie',
  'location',
])

export interface RequestHead {
  /** Undefined when there is none, or more than one. */
  readonly host: string | undefined
  /** What may pass to an application, as a flat name/value list that starts with the Host. */
  readonly pass: string[]
  /** Announced length of the body; 0 without one, undefined when it comes in chunks. */
  readonly length: number | undefined
  /** The client waits for `100 Continue` before it sends its body. */
  readonly expects: boolean
}

/** Reads the flat list of a request's headers in one pass. */
export function readHead(raw: readonly string[]): RequestHead {
  const pass: string[] = ['host', '']
  let hosts = 0
  let length: number | undefined = 0
  let expects = false
  let dropped: ReadonlySet<string> | undefined
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] as string // rawHeaders is a list of pairs
    const value = raw[index + 1] as string
    switch (classOf(name, requestClasses, requestSpellings)) {
      case PASS:
        pass.push(name, value)
        break
      case HOST:
        hosts++
        pass[1] = value
        break
      case CONNECTION:
        dropped = tokens(value, dropped)
        break
      case LENGTH:
        length = Number(value)
        pass.push(name, value)
        break
      case CHUNKED:
        length = undefined
        break
      case EXPECT:
        expects = true
        break
    }
  }
  if (dropped !== undefined) removeNamed(pass, dropped)
  return { host: hosts === 1 ? pass[1] : undefined, pass, length, expects }
}

/** Flat name/value list for the client: what may pass of the upstream's answer, then `ours`. */
export function responseHeaders(raw: readonly (Buffer | string)[], ours: readonly string[]): string[] {
  const out: string[] = []
  let dropped: ReadonlySet<string> | undefined
  for (let index = 0; index < raw.length; index += 2) {
    const name = text(raw[index])
    const kind = classOf(name, responseClasses, responseSpellings)
    if (kind === PASS) out.push(name, text(raw[index + 1]))
    else if (kind === CONNECTION) dropped = tokens(text(raw[index + 1]), dropped)
  }
  if (dropped !== undefined) removeNamed(out, dropped)
  for (let index = 0; index < ours.length; index++) out.push(ours[index] as string)
  return out
}

/** Refuses configured headers that could not be sent or would break the framing. */
export function checkHeaders(headers: Readonly<Record<string, string>>, where: string): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw fail('bad_site', `${where}: the header ${JSON.stringify(name)} has a name or value that HTTP does not allow`)
    }
    if (HOP_BY_HOP.includes(name.toLowerCase()) || name.toLowerCase() === 'content-length') {
      throw fail('bad_site', `${where}: the header ${name} belongs to the connection and cannot be set`)
    }
  }
}

// Names repeat in the spelling the client uses, so the lower-cased look-up is made once per spelling.
function classOf(name: string, classes: ReadonlyMap<string, number>, spellings: Map<string, number>): number {
  const known = spellings.get(name)
  if (known !== undefined) return known
  const kind = classes.get(name.toLowerCase()) ?? PASS
  if (spellings.size < 1000) spellings.set(name, kind)
  return kind
}

function tokens(value: string, before: ReadonlySet<string> | undefined): ReadonlySet<string> | undefined {
  if (value === 'keep-alive' || value === 'close' || value === 'Keep-Alive' || value === 'upgrade' || value === 'Upgrade') return before
  const named = value.split(',').map((token) => token.trim().toLowerCase())
  return new Set([...(before ?? []), ...named.filter((token) => !PROTECTED.has(token))])
}

function removeNamed(pairs: string[], names: ReadonlySet<string>): void {
  for (let index = pairs.length - 2; index >= 0; index -= 2) {
    if (names.has((pairs[index] as string).toLowerCase())) pairs.splice(index, 2)
  }
}

function text(value: Buffer | string | undefined): string {
  return typeof value === 'string' ? value : (value?.toString('latin1') ?? '')
}
