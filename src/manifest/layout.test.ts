import { expect, test } from 'vitest'
import { flexOf, linesOf, projectOf } from './read.suite.ts'

const APP = 'type: nodejs:22\nweb: {commands: {start: a}}\n'

test('flex: every file of the first level, later definitions whole over earlier ones', () => {
  const files = {
    '.upsun/a.yaml': flexOf('timezone: Europe/Berlin\nhooks: {deploy: x}'),
    '.upsun/b.yaml': flexOf('timezone: Europe/Paris'),
    '.upsun/c.yaml': 'services: {db: {type: postgresql:17}}',
    '.upsun/d.yml': 'applications: 1',
    '.upsun/sub/e.yaml': 'applications: 1',
    '.upsun/link.yaml': undefined,
  }
  const project = projectOf(files)
  expect(project.applications).toMatchObject([{ timezone: 'Europe/Paris', hooks: { deploy: undefined } }])
  expect(project.services).toHaveLength(1)
  expect(linesOf(files)).toEqual([
    'w .upsun/b.yaml:2:3: applications.app: this replaces the whole definition in .upsun/a.yaml',
    'w .upsun/d.yml:1:1: this file is not read; expected a name that ends in .yaml',
  ])
})

test('fixed: an application per file, its directory is its root', () => {
  const project = projectOf({
    'api/.platform.app.yaml': `name: api\n${APP}mounts: {uploads: {source: local}}\nrelationships: {db: "db:postgresql"}\n`,
    'web/.platform.app.yaml': `name: web\n${APP}`,
    'web/node_modules/x/.platform.app.yaml': 'name: [',
    '.platform/services.yaml': 'db: {type: postgresql:17, disk: 256}',
    '.platform/routes.yaml':
      '"https://{default}/": {type: upstream, upstream: "web:http"}\n"https://api.{default}/": {type: upstream, upstream: "api:http"}',
  })
  expect(project.format).toBe('fixed')
  expect(project.applications.map(({ name, source }) => [name, source.root])).toEqual([['api', 'api'], ['web', 'web']]) // prettier-ignore
  expect(project.applications[0]?.mounts).toEqual([{ path: 'uploads', source: 'storage', sourcePath: 'uploads' }])
  expect(project.routes.map(({ upstream }) => upstream?.name)).toEqual(['web', 'api'])
})

test.each([
  ['a list', `- name: web\n  type: nodejs:22\n  web: {commands: {start: a}}\n  source: {root: app}`],
  ['a map', `web:\n  type: nodejs:22\n  web: {commands: {start: a}}\n  source: {root: app}`],
  ['a list of whole files', '- !include web.app.yaml'],
])('fixed: applications.yaml as %s', (_, text) => {
  const files = { '.platform/applications.yaml': text, '.platform/web.app.yaml': `name: web\n${APP}source: {root: app}`, 'app/x': '' }
  expect(projectOf(files).applications).toMatchObject([{ name: 'web', source: { root: 'app' } }])
})

test('fixed: names must be there, once', () => {
  expect(linesOf({ '.platform.app.yaml': APP })[0]).toBe(
    'e .platform.app.yaml:1:1: name: this is missing; expected the name of the application',
  )
  const twice = linesOf({ '.platform.app.yaml': `name: a\n${APP}`, 'b/.platform.app.yaml': `name: a\n${APP}` })
  expect(twice[0]).toContain('the application "a" is there twice, first in .platform.app.yaml')
})

test('with both layouts .upsun counts, and what is ignored is said', () => {
  const files = { '.upsun/config.yaml': flexOf(''), '.platform.app.yaml': 'name: [', '.platform/routes.yaml': '' }
  expect(projectOf(files).format).toBe('flex')
  expect(linesOf(files)).toEqual([
    'w .platform.app.yaml:1:1: this file is ignored, because there is a configuration in .upsun',
    'w .platform/routes.yaml:1:1: this file is ignored, because there is a configuration in .upsun',
  ])
})

test.each([
  ['nothing', {}, 'there is no configuration; expected .upsun/config.yaml, or .platform.app.yaml'],
  ['an empty file', { '.upsun/config.yaml': '' }, 'there is no application'],
  ['only comments', { '.upsun/config.yaml': '# nothing' }, 'there is no application'],
  ['a list', { '.upsun/config.yaml': '- a' }, 'a list cannot stand here; expected a map with applications, services and routes'],
  ['another key', { '.upsun/config.yaml': 'aplications: {}' }, '"aplications" is not a key of the configuration; expected applications, services, routes. Did you mean "applications"?'],
  ['an application that is none', { '.upsun/config.yaml': 'applications: {app: 5}' }, '"5" cannot stand here'],
])('%s is no project', (_, files, message) => expect(linesOf(files).join('\n')).toContain(message)) // prettier-ignore

test('includes: relative to the application, positions of the included file', () => {
  const files = {
    '.upsun/config.yaml': 'applications:\n  app:\n    type: nodejs:22\n    source: {root: app}\n    web: !include ../shared/web.yaml\n    hooks: {build: !include {type: string, path: build.sh}}\n    variables: {env: {ICON: !include {type: binary, path: icon.json}}}\n',
    'shared/web.yaml': 'commands: {start: a}\nlocations: !include ../shared/locations.yaml\n',
    'shared/locations.yaml': '/: {passthru: true}\n/x:\n  pasthru: true\n',
    'app/build.sh': '#!/bin/sh\nnpm ci\n',
    'app/icon.json': new Uint8Array([0xff, 0x00]),
  } // prettier-ignore
  expect(linesOf(files)).toEqual([
    'e shared/locations.yaml:3:3: applications.app.web.locations./x.pasthru: "pasthru" is not a key of a location; expected root, index, passthru, allow, scripts, expires, headers, rules, request_buffering. Did you mean "passthru"?'.replace('; expected root, index, passthru, allow, scripts, expires, headers, rules, request_buffering', ''),
  ]) // prettier-ignore
  const [application] = projectOf({ ...files, 'shared/locations.yaml': '/: {passthru: true}' }).applications
  expect(application).toMatchObject({
    hooks: { build: '#!/bin/sh\nnpm ci\n' },
    variables: { env: { ICON: '/wA=' } },
    web: { commands: { start: 'a' } },
  })
})

const including = (path: string, more: Record<string, string | undefined> = {}) => ({
  '.upsun/config.yaml': `applications:\n  app:\n    type: nodejs:22\n    source: {root: app}\n    web: !include ${path}\n`,
  'app/web.yaml': 'commands: {start: a}',
  ...more,
})

test.each([
  ['../../etc/passwd', {}, '"../../etc/passwd" leads out of the repository'],
  ['/etc/passwd', {}, '"/etc/passwd" leads out of the repository'],
  ['"a\\0b"', {}, 'holds a NUL'],
  ['missing.yaml', {}, 'there is no file "app/missing.yaml" in the repository; expected a path relative to app'],
  ['beside.yaml', { '.upsun/beside.yaml': '' }, 'Did you mean "../.upsun/beside.yaml"?'],
  ['link.yaml', { 'app/link.yaml': undefined }, 'there is no file "app/link.yaml"'],
  ['loop.yaml', { 'app/loop.yaml': 'locations: !include loop.yaml' }, '"app/loop.yaml" includes itself'],
  ['a.yaml', { 'app/a.yaml': '!include b.yaml', 'app/b.yaml': '!include a.yaml' }, '"app/a.yaml" includes itself'],
  ['{path: web.yaml, type: ymal}', {}, '"ymal" is not a type of !include; expected yaml, string, binary or archive. Did you mean "yaml"?'],
  ['{type: yaml}', {}, '!include has no path'],
  ['{file: web.yaml}', {}, '"file" is not a key of !include'],
  ['[web.yaml]', {}, '!include takes a path'],
  ['{type: archive, path: ../..}', {}, 'leads out of the repository'],
  ['{type: archive, path: nothing}', {}, 'there is no directory "app/nothing"'],
  ['{type: archive, path: .}', {}, '!archive cannot stand here'],
])('the include %s is refused', (path, more, message) => expect(linesOf(including(path, more)).join('\n')).toContain(message))

test('a chain and a crowd of includes end', () => {
  const chain = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`app/${index}.yaml`, `locations: {/: !include ${index + 1}.yaml}`]),
  )
  expect(linesOf(including('0.yaml', chain)).join('\n')).toContain('includes are nested deeper than 8 files')
  const crowd = `commands: {start: a}\nlocations: [${'!include x.yaml, '.repeat(100)}]`
  expect(linesOf(including('c.yaml', { 'app/c.yaml': crowd, 'app/x.yaml': 'a' })).join('\n')).toContain('there are more than 64 includes')
})
