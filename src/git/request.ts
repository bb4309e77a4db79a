// Reading a git request: which project, which service, which phase; or why not.
import { Secret } from '#lib/secret.ts'

export type Service = 'upload-pack' | 'receive-pack'

export type GitRequest =
  | { readonly kind: 'advertise' | 'exchange'; readonly project: string; readonly service: Service; readonly gzip: boolean }
  | { readonly kind: 'refuse'; readonly status: number; readonly message: string }

export interface RequestHead {
  readonly method: string
  /** As it came: path and query. */
  readonly url: string
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
}

export interface Credentials {
  readonly username: string
  readonly token: Secret
}

export type ProtocolEnv = Readonly<Record<string, string>>

/** True for a URL that belongs to git: `/<project>.git/…`. */
export function isGitUrl(url: string): boolean {
  return /^\/[^/?#]+\.git(?:\/|$)/.test(url)
}

export function readRequest({ method, url, contentType, contentEncoding }: RequestHead): GitRequest {
  const [, project = '', rest = '', query = ''] = /^\/([^/?#]+)\.git\/([^?#]*)(?:\?([^#]*))?$/.exec(url) ?? []
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(project) || project.includes('..')) return refuse(404, 'There is no such repository.')
  if (rest === 'info/refs') {
    if (method !== 'GET') return refuse(405, 'Ask for info/refs with GET.')
    const service = serviceOf(new URLSearchParams(query).get('service') ?? '')
    if (service === undefined) return refuse(403, 'Friday speaks the smart HTTP protocol only; use git 1.6.6 or newer.')
    return { kind: 'advertise', project, service, gzip: false }
  }
  const service = serviceOf(rest)
  if (service === undefined) return refuse(404, 'There is nothing here; clone, fetch or push the repository itself.')
  if (method !== 'POST') return refuse(405, `Send ${rest} with POST.`)
  if (contentType !== `application/x-git-${service}-request`)
    return refuse(415, `Expected the content type application/x-git-${service}-request.`)
  const encoding = contentEncoding?.toLowerCase() ?? 'identity'
  if (!['identity', 'gzip', 'x-gzip'].includes(encoding)) return refuse(415, 'Send the body as it is, or as gzip.')
  return { kind: 'exchange', project, service, gzip: encoding !== 'identity' }
}

/** Basic credentials; the password is the token. Undefined when there are none. */
export function readCredentials(authorization: string | undefined): Credentials | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=_-]+)$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return undefined
  const decoded = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  if (colon < 0 || colon === decoded.length - 1) return undefined
  return { username: decoded.slice(0, colon), token: new Secret(decoded.slice(colon + 1)) }
}

/** The client's Git-Protocol header, when it is one, as git wants it. */
export function protocolEnv(header: string | string[] | undefined): ProtocolEnv {
  return typeof header === 'string' && /^[a-z0-9=:._-]{1,100}$/i.test(header) ? { GIT_PROTOCOL: header } : {}
}

function serviceOf(text: string): Service | undefined {
  return text === 'git-upload-pack' ? 'upload-pack' : text === 'git-receive-pack' ? 'receive-pack' : undefined
}

function refuse(status: number, message: string): GitRequest {
  return { kind: 'refuse', status, message }
}
