// What real projects write although the format's own schema would not have it: it passes, with warnings at most.
import { expect, test } from 'vitest'
import { applicationOf, flexOf, linesOf, projectOf } from './read.suite.ts'

const errors = (text: string) => linesOf(text).filter((line) => line.startsWith('e '))

test.each([
  ['disk of a service in .upsun', flexOf('', 'services: {db: {type: postgresql:17, disk: 1024}}')],
  ['size', flexOf('size: S')],
  ['source: local', flexOf('mounts: {uploads: {source: local, source_path: uploads}}')],
  ['a mount as shared:files', flexOf("mounts: {'/x': 'shared:files/x'}")],
  ['a relationship without anything', flexOf('relationships: {db: {}}', 'services: {db: {type: postgresql:17}}')],
  ['relationships as a set', flexOf('relationships: {db, other: db}', 'services: {db: {type: postgresql:17}}')],
  ['PORT among the variables', flexOf('variables: {env: {PORT: 8888}}')],
  ['crons with cmd', flexOf("crons: {a: {spec: '0 * * * *', cmd: node a.js}}")],
  ['a route without its closing slash', flexOf('', 'routes: {"https://{default}": {type: upstream, upstream: "app:http"}}')],
  ['an unquoted route', flexOf('', 'routes:\n  https://www.{default}/:\n    type: redirect\n    to: https://{default}/')],
  ['services without anything', flexOf('', 'services:')],
  ['sections without anything', flexOf('relationships:\nmounts:\nhooks:\nvariables:\ncrons:\nworkers:\naccess:\nsource:\nbuild:', 'routes:')],
  ['stack as a list', 'applications: {app: {stack: [nodejs@22, nodePackages.npm], web: {commands: {start: npm start}}}}'],
  ['stack with runtimes', 'applications: {app: {type: "composable:26.05", stack: {runtimes: ["nodejs@22"]}, web: {commands: {start: npm start}}}}'],
  ['yes and off', flexOf('web: {commands: {start: node a.js}, locations: {/: {passthru: yes, scripts: off, allow: On}}}')],
  ['anchors and merge keys', `${flexOf('variables: &v {env: {A: b}}')}  two: {<<: {variables: *v}, type: nodejs:22, web: {commands: {start: node b.js}}}\nroutes: {}`],
  ['a patch version', 'applications: {app: {type: nodejs:22.4, web: {commands: {start: node a.js}}}}'],
  ['a byte order mark', `\uFEFF${flexOf('')}`],
  ['Windows line ends', flexOf('hooks: {build: "npm ci"}').replaceAll('\n', '\r\n')],
  ['rules as templates have them', flexOf(String.raw`web: {commands: {start: a}, locations: {/: {root: public, allow: false, rules: {'\.(jpe?g|png|svgz?|css|js|woff2?)$': {allow: true}, static\/*: {expires: 365d}, '(?<!\-lock)\.(?i:jpe?g|pp[st]x?)$': {}}}}}`)],
])('%s', (_, text) => expect(errors(text)).toEqual([])) // prettier-ignore

test('numbers and words keep the text they were written in', () => {
  const { variables, dependencies } = applicationOf(
    'variables: {env: {A: 1.10, B: 0644, C: yes, D: true, E: , F: [1, {a: b}], g_h: x}}\ndependencies: {nodejs: {yarn: 1.22}}',
  )
  expect(variables.env).toEqual({ A: '1.10', B: '0644', C: 'yes', D: 'true', E: '', F: '[1,{"a":"b"}]', g_h: 'x' })
  expect(dependencies).toEqual({ nodejs: { yarn: '1.22' } })
})

test('PORT is left out and said to be', () => {
  const text = flexOf('variables: {env: {PORT: 3000, A: b}}')
  expect(projectOf(text).applications[0]?.variables.env).toEqual({ A: 'b' })
  expect(linesOf(text)).toEqual(['w .upsun/config.yaml:5:23: applications.app.variables.env.PORT: PORT is ignored: Friday sets it'])
})

test('what has no effect is said, what is switched off is not', () => {
  const ignored =
    'container_profile: BALANCED\nsize: S\ndisk: 512\npreflight: {enabled: true}\nresources: {base_memory: 64}\noperations: {x: {role: admin}}'
  expect(linesOf(flexOf(ignored)).filter((line) => line.endsWith('is not applied yet'))).toHaveLength(6)
  const route = (keys: string) => flexOf('', `routes: {"https://{default}/": {type: upstream, upstream: "app:http", ${keys}}}`)
  expect(linesOf(route('cache: {enabled: true}, ssi: {enabled: true}, sticky: true'))).toHaveLength(3)
  expect(linesOf(route('cache: {enabled: false}, ssi: {enabled: off}, sticky: false, tls: {}'))).toEqual([])
})
