// Hostile requests to the API: what is sent, and the refusal it must get.

export interface ApiCase {
  readonly name: string
  readonly method?: string
  /** As it goes over the wire; `/api` goes before it. */
  readonly path: string
  /** Anything but a text is sent as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly status: number
  /** What the message must name. */
  readonly says: RegExp
}

const HUGE = 'x'.repeat(300 * 1024)
const JSON_TYPE = { 'content-type': 'application/json' }

const names: [string, unknown][] = [
  ['shell metacharacters', '$(touch /tmp/owned);`id`|&'],
  ['a real newline', 'a\nb'],
  ['a NUL', 'a\0b'],
  ['an option of git', '--upload-pack=id'],
  ['a way out', '../../etc'],
  ['an encoded way out', '..%2f..%2fetc'],
  ['nothing', ''],
  ['too much', 'a'.repeat(31)],
  ['a prototype name', '__proto__'],
  ['a name of the platform', 'api'],
  ['capital letters', 'Hostile'],
  ['letters that look alike', 'hоstile'],
  ['half a character', '\ud800'],
  ['a terminal escape', '\u001b[2J'],
]
const branches: [string, string][] = [
  ['a real newline', 'a\nb'],
  ['a NUL', 'a\0b'],
  ['an option', '--upload-pack=id'],
  ['an option in a part', 'a/--force'],
  ['a hidden part', 'a/.git'],
  ['a way out', '../../main'],
  ['a ref trick', 'main@{1}'],
  ['the name git keeps', 'HEAD'],
  ['a lock', 'main.lock'],
  ['nothing', ''],
  ['a text turned round', 'a\u202eb'],
  ['a control character above ASCII', 'a\u0085b'],
  ['too much', 'b'.repeat(201)],
  ['too many bytes', 'ü'.repeat(120)],
  ['half a character', 'a\ud800'],
]
const unknown: [string, string][] = [
  ['a way out', '..%2f..%2fetc'],
  ['a NUL', '%00'],
  ['SQL', "'%20or%20true%20--"],
  ['a prototype name', '__proto__'],
  ['constructor', 'constructor'],
  ['a newline', 'main%0aHost:x'],
  ['half a character', '%ED%A0%80'],
  ['a broken escape', '%zz'],
]

export const apiCases: readonly ApiCase[] = [
  ...names.map(([name, value]) =>
    post(`a project named with ${name}`, '/projects', { name: value }, 422, /cannot be a project's name|NUL/),
  ),
  ...[null, 1, ['a'], { $ne: 1 }, true].map((value) =>
    post(`a project named ${JSON.stringify(value)}`, '/projects', { name: value }, 422, /name: .*string/),
  ),
  post('a project named through its prototype', '/projects', '{"__proto__":{"name":"proto"}}', 422, /name: /),
  ...branches.map(([name, value]) =>
    post(
      `a production branch with ${name}`,
      '/projects',
      { name: 'other', defaultBranch: value },
      422,
      /cannot be the production branch|default branch|NUL/,
    ),
  ),
  ...branches.map(([name, value]) =>
    post(`a branch with ${name}`, '/projects/hostile/environments', { branch: value }, 422, /cannot be the name of an environment|NUL/),
  ),
  ...['nothing', '__proto__', '../main', '$(id)', 'main\0', ''].map((parent) =>
    post(
      `a parent ${JSON.stringify(parent)}`,
      '/projects/hostile/environments',
      { branch: 'child', parent },
      422,
      /environment .* does not run yet|NUL/,
    ),
  ),
  post('an outbound of another kind', '/projects/hostile/environments', { branch: 'child', outbound: 'open; id' }, 422, /outbound: /),
  post('a branch there is already', '/projects/hostile/environments', { branch: 'main' }, 409, /environment main already/),

  ...unknown.map(([name, value]) => get(`a project ${name}`, `/projects/${value}`, 404, /no project called|There is no/)),
  ...unknown.map(([name, value]) =>
    get(`an environment ${name}`, `/projects/hostile/environments/${value}`, 404, /has no environment|There is no/),
  ),
  ...unknown.map(([name, value]) =>
    get(`a log of ${name}`, `/projects/hostile/environments/${value}/log`, 404, /has no environment|There is no/),
  ),
  ...unknown.map(([name, value]) => get(`an activity ${name}`, `/activities/${value}`, 404, /no activity|There is no/)),
  ...unknown.map(([name, value]) => get(`an activity's log ${name}`, `/activities/${value}/log`, 404, /no activity|There is no/)),
  ...unknown.map(([name, value]) => ({
    ...get(`deletion of ${name}`, `/projects/${value}`, 404, /no project called|There is no/),
    method: 'DELETE',
  })),
  ...unknown.map(([name, value]) =>
    get(`a diff with ${name}`, `/projects/hostile/diff?before=main&after=${value}`, 404, /has no environment|There is no/),
  ),
  get('a log of a process', '/projects/hostile/environments/main/log?process=..%2f..%2fetc', 404, /Nothing called/),
  ...['0', '-1', '1e9', 'abc', '1;drop', '1.5'].map((limit) =>
    get(`a limit of ${limit}`, `/projects/hostile/activities?limit=${limit}`, 422, /limit: /),
  ),
  get('a way out of the API', '/../api/../../etc/passwd', 404, /There is no/),
  get('another spelling of a path', '//projects', 404, /There is no/),

  post('half a document', '/projects', '{"name": ', 400, /JSON/),
  post('no document', '/projects', '', 400, /JSON/),
  post('a list', '/projects', '[]', 422, /body: .*object/),
  post('a number', '/projects', '1', 422, /body: .*object/),
  post('a deep document', '/projects', '['.repeat(100_000), 400, /JSON/),
  post('a huge document', '/projects', { name: HUGE }, 413, /larger than/),
  post('a huge document before any login', '/login', { setupToken: HUGE, name: 'x' }, 413, /larger than/),
  ...['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/xml'].map((type) => ({
    ...post(`a document as ${type}`, '/projects', '{"name":"other"}', 415, /content-type/),
    headers: { 'content-type': type },
  })),
  post('a second first login', '/login', { setupToken: 'fri_x', name: 'intruder' }, 401, /one-time token is not valid/),
  post('a first login without a token', '/login', { setupToken: '', name: 'intruder' }, 401, /one-time token is not valid/),
  post('a first login with a strange name', '/login', { setupToken: 'x', name: '\u001b]0;x\u0007' }, 422, /is not a user name/),
  {
    ...get('a method by a header', '/projects/hostile', 200, /hostile/),
    headers: { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' },
  },
  { ...get('a method there is not', '/projects/hostile', 404, /There is no/), method: 'PUT' },
]

/** Each is tried at every operation of the API, and must be turned away. */
export const strangers: readonly { readonly name: string; readonly headers: (token: string) => Readonly<Record<string, string>> }[] = [
  { name: 'no token', headers: () => ({}) },
  { name: 'an empty token', headers: () => ({ authorization: 'Bearer ' }) },
  { name: 'a wrong token', headers: () => ({ authorization: `Bearer fri_${'a'.repeat(32)}` }) },
  { name: 'a token cut short', headers: (token) => ({ authorization: `Bearer ${token.slice(0, -1)}` }) },
  { name: 'two tokens', headers: (token) => ({ authorization: `Bearer ${token} ${token}` }) },
  { name: 'another scheme', headers: (token) => ({ authorization: `Basic ${Buffer.from(`x:${token}`).toString('base64')}` }) },
  { name: 'the token in a cookie', headers: (token) => ({ cookie: `token=${token}; authorization=Bearer ${token}` }) },
  { name: 'SQL', headers: () => ({ authorization: "Bearer fri_'or'1'='1" }) },
  {
    name: 'forged forwarding',
    headers: () => ({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': 'localhost',
      'x-forwarded-user': 'admin',
      forwarded: 'for=127.0.0.1',
    }),
  },
]

function post(name: string, path: string, body: unknown, status: number, says: RegExp): ApiCase {
  return { name, method: 'POST', path, body, headers: JSON_TYPE, status, says }
}

function get(name: string, path: string, status: number, says: RegExp): ApiCase {
  return { name, path, status, says }
}
