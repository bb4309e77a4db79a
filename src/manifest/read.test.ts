import { expect, test } from 'vitest'
import { buildConfigOf } from './build-config.ts'
import { buildView, runView } from './view.ts'
import { applicationOf, flexOf, linesOf, projectOf } from './read.suite.ts'

const DB = 'services: {db: {type: postgresql:17}}'

test('a whole project, every default filled in', () => {
  const project = projectOf({
    '.upsun/config.yaml': [
      'applications:', '  web:', '    type: nodejs:22', '    source: {root: /packages/web/}', '    web:', '      commands: {start: node a.js}',
      '    relationships: {database: "db:postgresql"}', '    hooks: {build: npm ci, deploy: npm run migrate, post_deploy: " "}',
      '    crons: {tidy: {spec: "*/20 * * * *", commands: {start: node tidy.js}}}', 'services: {db: {type: postgresql:17, configuration: {databases: [main]}}}',
    ].join('\n'), // prettier-ignore
    'packages/web/package.json': '{}',
  })
  expect(project).toEqual({
    format: 'flex',
    applications: [
      {
        name: 'web',
        origin: { file: '.upsun/config.yaml', line: 2 },
        source: { root: 'packages/web' },
        type: { runtime: 'nodejs', version: '22' },
        build: { flavor: undefined },
        dependencies: {},
        hooks: { build: 'npm ci', deploy: 'npm run migrate', postDeploy: undefined },
        relationships: [{ name: 'database', service: 'db', endpoint: 'postgresql' }],
        mounts: [],
        variables: { env: {}, prefixed: {} },
        access: { ssh: 'contributor' },
        additionalHosts: {},
        resources: { size: undefined, disk: undefined, profile: undefined },
        web: {
          commands: { preStart: undefined, start: 'node a.js', postStart: undefined },
          upstream: { socketFamily: 'tcp', protocol: 'http' },
          locations: [
            { path: '/', root: undefined, index: [], passthru: true, allow: true, scripts: true, expires: -1, headers: {}, rules: [], maxRequestBytes: 262_144_000 },
          ], // prettier-ignore
        },
        workers: [],
        crons: [
          { name: 'tidy', spec: '*/20 * * * *', schedule: '*/20 * * * *', commands: { start: 'node tidy.js', stop: undefined }, shutdownTimeout: 10, timeout: 86_400 },
        ], // prettier-ignore
        timezone: 'UTC',
      },
    ],
    services: [
      {
        name: 'db',
        origin: { file: '.upsun/config.yaml', line: 10 },
        type: 'postgresql',
        version: '17',
        configuration: { databases: ['main'] },
        relationships: [],
        resources: { size: undefined, disk: undefined, profile: undefined },
      },
    ],
    routes: [
      {
        origin: { file: '.upsun/config.yaml', line: 2 },
        original: 'https://{default}/',
        scheme: 'https',
        host: '{default}',
        path: '/',
        id: undefined,
        attributes: {},
        primary: true,
        type: 'upstream',
        upstream: { kind: 'application', name: 'web', endpoint: 'http' },
        to: undefined,
        redirects: [],
        tls: { minVersion: undefined, strictTransportSecurity: undefined },
      },
    ],
  })
})

test('all problems at once, each where it is written', () => {
  const text = [
    'applications:', '  web:', '    type: nodejs:22', '    mounts:', '      /uploads:', '        source: stroage', '    hoks: {build: a}',
    '    relationships: {database: "bd:postgresql"}', '    web: {commands: {start: a}}', '    access: {ssh: root}', 'services:', '  db:', '    type: postgres:17',
  ].join('\n') // prettier-ignore
  expect(linesOf(text)).toEqual([
    'e .upsun/config.yaml:6:17: applications.web.mounts./uploads.source: "stroage" is not a mount source; expected storage, instance, tmp, service or local. Did you mean "storage"?',
    'e .upsun/config.yaml:7:5: applications.web.hoks: "hoks" is not a key of an application. Did you mean "hooks"?',
    'e .upsun/config.yaml:8:21: applications.web.relationships.database: there is no service "bd"; expected db. Did you mean "db"?',
    'e .upsun/config.yaml:10:19: applications.web.access.ssh: "root" is not a role; expected viewer, contributor or admin',
    'e .upsun/config.yaml:13:11: services.db.type: "postgres" is not a service type; expected postgresql. Did you mean "postgresql"?',
    'w .upsun/config.yaml:10:14: applications.web.access.ssh: ssh is not applied yet',
  ])
})

test.each([
  ['', 'postgresql'], ['db', 'postgresql'], ['"db:postgresql"', 'postgresql'], ['{service: db}', 'postgresql'], ['{service: db, endpoint: postgresql}', 'postgresql'], ['{}', 'postgresql'],
])('a relationship written as "%s"', (written, endpoint) => {
  const name = written === '' || written === '{}' ? 'db' : 'main-db'
  expect(applicationOf(`relationships: {${name}: ${written}}`, DB).relationships).toEqual([{ name, service: 'db', endpoint }])
}) // prettier-ignore

test('relationships name endpoints the service has', () => {
  const services = 'services: {db: {type: postgresql:17, configuration: {endpoints: {reader: {}, writer: {}}}}}'
  expect(applicationOf('relationships: {r: "db:reader"}', services).relationships).toEqual([
    { name: 'r', service: 'db', endpoint: 'reader' },
  ])
  expect(linesOf(flexOf('relationships: {r: "db:raeder"}', services))).toEqual([
    'e .upsun/config.yaml:5:21: applications.app.relationships.r: the service "db" has no endpoint "raeder"; expected reader or writer. Did you mean "reader"?',
  ])
})

test('a service that Friday does not know blames nobody else', () => {
  expect(linesOf(flexOf('relationships: {q: "queue:rabbitmq"}', 'services: {queue: {type: rabbitmq:4.1}}'))).toEqual([
    'e .upsun/config.yaml:6:26: services.queue.type: Friday does not run rabbitmq yet; it runs postgresql',
  ])
})

test.each([
  ['php', 'type: php:8.4', 'Friday does not run php yet; it runs nodejs'],
  ['a slip', 'type: nodjs:22', '"nodjs" is not a runtime; expected nodejs. Did you mean "nodejs"?'],
  ['an old version', 'type: nodejs:14', 'Friday does not run nodejs "14" yet; it runs nodejs 26, 24, 22 or 20'],
  ['no version', 'type: nodejs', '"nodejs" has no version; expected nodejs:26'],
  [
    'a version that is none',
    'type: "nodejs:22; rm -rf /"',
    'Friday does not run nodejs "22; rm -rf /" yet; it runs nodejs 26, 24, 22 or 20',
  ],
  ['a prototype name', 'type: toString:1', '"toString" is not a runtime; expected nodejs'],
  ['no type', 'timezone: UTC', 'this is missing; expected "runtime:version", like nodejs:22'],
  ['packages', 'stack: [nodejs@22, ffmpeg]', 'Friday does not run composable packages yet, such as ffmpeg'],
  [
    'two runtimes',
    'stack: {runtimes: ["nodejs@22", "php@8.4"]}',
    'Friday does not run several runtimes in one application yet, such as php here',
  ],
  ['another runtime', 'stack: [deno]', 'Friday does not run deno yet; it runs nodejs'],
])('a type Friday cannot run: %s', (_, type, message) => {
  expect(linesOf(`applications: {app: {${type}, web: {commands: {start: a}}}}`)[0]).toContain(`: ${message}`)
})

test.each([
  [
    'an application it talks to',
    'relationships: {api: "other:http"}',
    'Friday does not run relationships between applications yet, such as with "other"',
  ],
  [
    'rules for traffic',
    'firewall: {outbound: [{ports: [443]}]}',
    'Friday does not run firewall yet, and without it the project would behave otherwise',
  ],
  [
    'storage of another',
    'mounts: {x: {source: storage, service: other}}',
    'Friday does not run mounts of another\'s storage yet, such as of "other"',
  ],
  ['unix sockets', 'web: {commands: {start: a}, upstream: {socket_family: unix}}', 'Friday does not run unix sockets yet; it runs tcp'],
  ['tools of another language', 'dependencies: {python3: {pipenv: "*"}}', 'Friday does not run python3 tools beside nodejs yet'],
  ['a build flavor', 'build: {flavor: composer}', 'Friday does not run the build flavor composer yet; it runs none or default'],
  ['an archive', 'variables: {env: {A: !archive dir}}', 'Friday does not run !archive here yet'],
])('refused, because without it the project would behave otherwise: %s', (_, keys, message) => {
  const config = flexOf(keys, '  other: {type: nodejs:22}\nroutes: {"https://{default}/": {type: upstream, upstream: app}}')
  expect(linesOf({ '.upsun/config.yaml': config, 'dir/file': '' })[0]).toContain(`: ${message}`)
})

test('circles are named, once', () => {
  const services = 'services: {a: {type: postgresql:17, relationships: {b: }}, b: {type: postgresql:17, relationships: {a: }}}'
  const lines = linesOf(flexOf('', services)).filter((line) => line.includes('circle'))
  expect(lines).toEqual(['e .upsun/config.yaml:6:101: services.b.relationships.a: the relationships go in a circle: a → b → a'])
})

test('mounts: paths are cleaned, storage named after them', () => {
  expect(
    applicationOf('mounts: {/a/b/: {source: storage}, "./c": {source: tmp, source_path: ""}, d: {source: local}, e: {source: temporary}}')
      .mounts,
  ).toEqual([
    { path: 'a/b', source: 'storage', sourcePath: 'a/b' },
    { path: 'c', source: 'tmp', sourcePath: '' },
    { path: 'd', source: 'instance', sourcePath: 'd' },
    { path: 'e', source: 'tmp', sourcePath: 'e' },
  ])
})

test.each([
  ['../x', 'is not a path inside the application'], ['a/../../x', 'is not a path inside the application'], ['/', 'cannot hide the whole application'], ['.', 'cannot hide the whole application'],
])('a mount at %s is refused', (path, message) => expect(linesOf(flexOf(`mounts: {"${path}": {source: storage}}`))[0]).toContain(message)) // prettier-ignore

test('mounts in mounts', () => {
  expect(linesOf(flexOf('mounts: {/a: {source: storage}, a/b: {source: tmp}}'))[0]).toMatch(
    /^e .*inside the mount "a", which has another source/,
  )
  expect(linesOf(flexOf('mounts: {/a: {source: storage}, a/b: {source: storage}}'))[0]).toMatch(/^w .*inside the mount "a"/)
  expect(linesOf(flexOf('mounts: {/a: {source: storage}, a/: {source: storage}}'))[0]).toMatch(/^e .*mounted twice/)
  expect(linesOf(flexOf('mounts: {/a: {source: storage}, ab: {source: tmp}, a-b: {source: tmp}}'))).toEqual([])
  expect(linesOf(flexOf('mounts: {x: {source: storage, source_path: ../y}}'))[0]).toContain('is not a path inside the application')
})

test('workers inherit whole keys, and replace whole keys', () => {
  const { workers, relationships, variables } = applicationOf(
    [
      'relationships: {db: }', 'variables: {env: {A: a, B: b}, d8: {x: [1]}}', 'workers:', '  plain: {commands: {start: node w.js}}',
      '  own: {commands: {start: node o.js}, relationships: {}, variables: {env: {A: c}}}',
    ].join('\n'), // prettier-ignore
    DB,
  )
  expect(workers.map(({ name, commands }) => [name, commands.start])).toEqual([['plain', 'node w.js'], ['own', 'node o.js']]) // prettier-ignore
  expect(workers[0]).toMatchObject({ relationships, variables })
  expect(workers[1]).toMatchObject({ relationships: [], variables: { env: { A: 'c' }, prefixed: {} } })
  expect(variables.prefixed).toEqual({ 'd8:x': [1] })
})

test.each([
  ['1A: x', 'is not a name an environment variable can have'], ['"A=B": x', 'is not a name an environment variable can have'], ['"A\\nB": x', 'holds control characters'],
  ['PLATFORM_TREE_ID: x', 'is reserved'], ['friday_x: x', 'is reserved'], ['__proto__: x', 'cannot be a key'], ['A: "a\\0b"', 'holds a NUL'],
])('the variable %s is refused', (entry, message) => expect(linesOf(flexOf(`variables: {env: {${entry}}}`))[0]).toContain(message)) // prettier-ignore

test('locations and rules', () => {
  const web = [
    'web:', '  commands: {start: a}', '  locations:', '    /:', '      root: public', '      expires: 2m', '      passthru: /index.html', '      index: [index.html]',
    '      headers: {X-A: b}', '      request_buffering: {max_request_size: 10m}', "      rules: {'\\.css$': {expires: 1y}}", '    /api: {passthru: true}',
  ].join('\n') // prettier-ignore
  const [root, api] = applicationOf(web).web?.locations ?? []
  expect(root).toEqual({
    path: '/', root: 'public', expires: 120, passthru: '/index.html', index: ['index.html'], headers: { 'X-A': 'b' }, maxRequestBytes: 10_485_760, allow: true, scripts: true,
    rules: [{ pattern: '\\.css$', expires: 31_536_000 }],
  }) // prettier-ignore
  expect(api).toMatchObject({ path: '/api', root: undefined, passthru: true, expires: -1 })
})

test.each([
  ['{api: {}}', 'is not a path of the site'], ['{/: {root: ../..}}', 'is not a path inside the application'], ['{/: {expires: 2 days}}', 'is not a duration'],
  ['{/: {headers: {"X: Y": a}}}', 'is not a header name'], ['{/: {headers: {X: "a\\r\\nSet-Cookie: b"}}}', 'a header value is one line'], ['{/: {rules: {"(": {}}}}', 'is not a regular expression'],
  ['{/: {passthru: sometimes}}', 'expected true or false'], ['{/: {request_buffering: {max_request_size: much}}}', 'is not a size'],
])('the location %s is refused', (location, message) => {
  expect(linesOf(flexOf(`web: {commands: {start: a}, locations: ${location}}`))[0]).toContain(message)
}) // prettier-ignore

test('the old keys of web mean what they meant', () => {
  const { web } = applicationOf(
    "web: {commands: {start: a}, document_root: /web, passthru: /app.js, index_files: [i.html], whitelist: ['\\.css$'], blacklist: ['\\.secret$']}",
  )
  expect(web?.locations).toMatchObject([
    { path: '/', root: 'web', passthru: '/app.js', index: ['i.html'], allow: false, rules: [{ pattern: '\\.secret$', allow: false }, { pattern: '\\.css$', allow: true }] },
  ]) // prettier-ignore
})

const route = (address: string, keys: string) => flexOf('', `routes: {${JSON.stringify(address)}: {${keys}}}`)
const UPSTREAM = 'type: upstream, upstream: "app:http"'

test.each([
  ['https://{default}', 'https', '{default}', '/'], ['http://{all}/', 'http', '{all}', '/'], ['https://WWW.{default}/a/b', 'https', 'www.{default}', '/a/b/'],
  ['https://*.{default}/', 'https', '*.{default}', '/'], ['https://shop.example.com/', 'https', 'shop.example.com', '/'],
])('the route %s', (address, scheme, host, path) => {
  expect(projectOf(route(address, UPSTREAM)).routes).toMatchObject([{ original: `${scheme}://${host}${path}`, scheme, host, path, primary: true }])
}) // prettier-ignore

test.each([
  ['ftp://{default}/'], ['{default}'], ['https://{default}:8080/'], ['https://a b/'], ['https://{other}/'], ['https://{default}.example.com/'], ['https://{default}/../x/'],
  ['https://{default}/?q'], ['https://user@{default}/'], ['https://-a.example.com/'], ['https://a..b/'], ['javascript:alert(1)'],
])('the route %s is refused', (address) => expect(linesOf(route(address, UPSTREAM))[0]).toMatch(/^e .*expected an address like/)) // prettier-ignore

test.each([
  ['type: upstream, upstream: "ap:http"', 'there is no application "ap"; expected app. Did you mean "app"?'],
  ['type: upstream, upstream: "app:php"', 'an application has no endpoint "php"; expected app:http'],
  ['type: upstream', 'this is missing; expected "application:http"'],
  ['type: redirect', 'this is missing; expected the address it leads to'],
  ['type: redirect, to: "javascript:alert(1)"', 'is not an address'],
  ['type: redirect, to: "https://a/\\r\\nX: y"', 'is not an address'],
  ['type: proxy, to: /x', 'a proxy leads to another site'],
  ['type: upsteam, upstream: "app:http"', 'is not a route type; expected upstream, redirect or proxy. Did you mean "upstream"?'],
  [`${UPSTREAM}, tls: {client_authentication: require}`, 'Friday does not run client_authentication yet'],
  [`${UPSTREAM}, redirects: {paths: {/a: {to: /b, code: 303}}}`, 'is not a redirect status; expected 301, 302, 307 or 308'],
  [`${UPSTREAM}, redirects: {paths: {"(": {to: /b, regexp: true}}}`, 'is not a regular expression'],
])('a route with %s is refused', (keys, message) => expect(linesOf(route('https://{default}/', keys))[0]).toContain(message))

test('redirects of a route', () => {
  const [found] = projectOf(
    route(
      'https://{default}/',
      `${UPSTREAM}, redirects: {expires: 1d, paths: {/a: {to: /b}, "^/c(.*)$": {to: "https://x.example$1", regexp: true, code: 308, expires: 5}}}`,
    ),
  ).routes
  expect(found?.redirects).toEqual([
    { from: '/a', to: '/b', regexp: false, prefix: true, appendSuffix: true, code: 302, expires: 86_400 },
    { from: '^/c(.*)$', to: 'https://x.example$1', regexp: true, prefix: true, appendSuffix: true, code: 308, expires: 5 },
  ])
})

test('one route is primary; routes, ids and applications are there once', () => {
  const routes = (first: string, second: string) =>
    flexOf(
      '',
      `routes: {"https://a.example/": {type: redirect, to: "https://b.example/"${first}}, "https://b.example/": {${UPSTREAM}${second}}, "https://c.example": {${UPSTREAM}}}`,
    )
  expect(projectOf(routes('', '')).routes.map(({ primary }) => primary)).toEqual([false, true, false])
  expect(projectOf(routes(', primary: true', '')).routes.map(({ primary }) => primary)).toEqual([true, false, false])
  expect(linesOf(routes(', primary: true', ', primary: true'))[0]).toContain('there are two primary routes')
  expect(linesOf(routes(', id: x', ', id: x'))[0]).toContain('the id "x" is there twice')
  expect(linesOf(flexOf('', `routes: {"https://{default}": {${UPSTREAM}}, "https://{default}/": {${UPSTREAM}}}`))[0]).toContain(
    'is there twice',
  )
})

test('an application that serves nothing gets no route', () => {
  expect(linesOf(`applications: {app: {type: nodejs:22}}\nroutes: {"https://{default}/": {${UPSTREAM}}}`)[0]).toContain('serves nothing')
  expect(projectOf('applications: {app: {type: nodejs:22, workers: {w: {commands: {start: a}}}}}').routes).toEqual([])
  expect(linesOf(flexOf('', '  two: {type: nodejs:22, web: {commands: {start: b}}}'))).toEqual([
    'w .upsun/config.yaml:1:1: there are no routes and several applications: none can be reached from outside',
  ])
})

test.each([
  ['crons: {a: {spec: "* * * *", commands: {start: x}}}', '4 fields where a cron has five'], ['crons: {a: {spec: "0 0 31 2 *", commands: {start: x}}}', 'there is no such day'],
  ['crons: {a: {spec: "H * * * *"}}', 'there is no command'], ['crons: {"a/b": {}}', 'is not a cron name'], ['timezone: Mars/Olympus', 'there is no such time zone'],
  ['crons: {a: {spec: "H * * * *", timeout: 90000, commands: {start: x}}}', 'expected a whole number from 1 to 86400 seconds'], ['additional_hosts: {a.example: 300.1.1.1}', 'is not an IP address'],
  ['additional_hosts: {"a b": 1.1.1.1}', 'is not a host name'], ['workers: {w: {}}', 'this is missing'], ['workers: {w: }', 'there is nothing here'], ['dependencies: {nodejs: {"-g": "1"}}', 'is not a package name'],
  ['dependencies: {nodejs: {a: "1\\n2"}}', 'this is not a version'], ['source: {root: ../other}', 'leads out of the repository'], ['source: {root: missing}', 'there is no directory "missing"'],
  ['build: {flavor: defualt}', 'is not a build flavor of nodejs; expected none or default. Did you mean "default"?'], ['hooks: [a]', 'a list cannot stand here'], ['egress: {build: {}}', 'Friday does not run egress yet'],
])('%s is refused', (keys, message) => expect(linesOf(flexOf(keys))[0]).toContain(message)) // prettier-ignore

test('settings of a service are checked by the service, where they are written', () => {
  expect(linesOf(flexOf('', 'services:\n  db:\n    type: postgresql:17\n    configuration:\n      databases: [main, {a: b}]'))).toEqual([
    'e .upsun/config.yaml:10:25: services.db.configuration.databases[1]: this is no database name; expected a text',
  ])
})

test.each([['Web'], ['-a'], ['a b'], ['a'.repeat(64)], ['é'], ['$(id)'], ['..']])('no application or service can be called %s', (name) => {
  const key = JSON.stringify(name)
  expect(linesOf(`applications: {${key}: {type: nodejs:22}}`)[0]).toContain('is not an application name')
  expect(linesOf(flexOf('', `services: {${key}: {type: postgresql:17}}`))[0]).toContain('is not a service name')
})

test('one name is one thing', () => {
  expect(linesOf(flexOf('', 'services: {app: {type: postgresql:17}}'))[0]).toContain('"app" is an application and a service')
})

test('only what can change a build is in its configuration', () => {
  const base = buildConfigOf(applicationOf('hooks: {build: npm ci}'))
  for (const keys of [
    'hooks: {build: npm ci, deploy: a}',
    'hooks: {build: npm ci}\ncrons: {a: {spec: "H * * * *", commands: {start: a}}}',
    'hooks: {build: npm ci}\naccess: {ssh: admin}',
  ]) {
    expect(buildConfigOf(applicationOf(keys))).toEqual(base)
  }
  for (const keys of [
    'hooks: {build: npm i}',
    'hooks: {build: npm ci}\nvariables: {env: {A: b}}',
    'hooks: {build: npm ci}\nmounts: {a: {source: tmp}}',
    'hooks: {build: npm ci}\nbuild: {flavor: none}',
  ]) {
    expect(buildConfigOf(applicationOf(keys))).not.toEqual(base)
  }
})

test('an application reads its configuration in the documented shape', () => {
  const application = applicationOf(`
hooks: {build: npm ci, deploy: node migrate.js}
mounts: {"/.next": {source: storage, source_path: next}, cache: {source: tmp, source_path: cache}}
variables: {env: {A: b}, d8: {x: [1]}}
crons: {nightly: {spec: "0 3 * * *", commands: {start: ls}}}
workers: {queue: {commands: {start: node queue.js}}}
web: {commands: {start: node .}, locations: {/: {root: public, passthru: true, rules: {'\\.css$': {expires: 1h}}}}}`)
  const frame = { name: 'app', treeId: 't', appDir: '/app' }
  const mounts = { '/.next': { source: 'storage', source_path: 'next' }, '/cache': { source: 'tmp', source_path: 'cache' } }
  const variables = { env: { A: 'b' }, d8: { x: [1] } }
  expect(buildView(buildConfigOf(application), frame)).toMatchObject({
    name: 'app',
    type: 'nodejs:22',
    tree_id: 't',
    hooks: { build: 'npm ci' },
    mounts,
    variables,
  })
  expect(JSON.stringify(buildView(buildConfigOf(application), frame))).not.toMatch(/migrate|nightly|queue|locations/)
  expect(runView(application, frame)).toMatchObject({
    mounts,
    variables,
    hooks: { build: 'npm ci', deploy: 'node migrate.js', post_deploy: null },
    crons: { nightly: { spec: '0 3 * * *', commands: { start: 'ls', stop: null } } },
    workers: { queue: { commands: { start: 'node queue.js' } } },
    web: { commands: { start: 'node .' }, locations: { '/': { root: 'public', passthru: true, rules: { '\\.css$': { expires: 3600 } } } } },
  })
})

test('names that every object has are no keys', () => {
  for (const key of ['toString', 'valueOf', 'hasOwnProperty']) {
    expect(linesOf(flexOf(`${key}: {}`))[0]).toContain(`"${key}" is not a key of an application`)
  }
})

test('a project is plain JSON', () => {
  const project = projectOf(flexOf('variables: {env: {A: b}, d8: {x: {y: [1, null]}}}\nmounts: {a: {source: tmp}}', DB))
  expect(structuredClone(project)).toEqual(project)
})
