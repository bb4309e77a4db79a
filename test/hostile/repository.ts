// Hostile repositories: what lies in a commit, and the refusal its push must get.
import { hostileProject, type Written } from '../projects/hostile.ts'

/** A text, a link to somewhere, or nothing where there was a file. */
export type Content = string | { readonly link: string } | undefined

export interface RepositoryCase {
  readonly name: string
  readonly files: Readonly<Record<string, Content>>
  readonly says: RegExp
}

const CONFIG = '.upsun/config.yaml'
const bomb = [
  'a: &a [x, x, x, x, x, x, x, x, x, x]',
  ...[...'bcdefghij'].map((name, i) => `${name}: &${name} [${`*${'abcdefghi'[i]}, `.repeat(10)}]`),
].join('\n')

export const repositoryCases: readonly RepositoryCase[] = [
  { name: 'a configuration that is a link', files: { [CONFIG]: { link: '/etc/passwd' } }, says: /no configuration|config\.yaml/ },
  {
    name: 'a configuration folder that is a link',
    files: { [CONFIG]: undefined, '.upsun': { link: '/etc' } },
    says: /no configuration|\.upsun/,
  },
  { name: 'an include from outside', files: { [CONFIG]: 'applications: !include ../../etc/passwd' }, says: /etc\/passwd/ },
  {
    name: 'an include of a link',
    files: { [CONFIG]: 'applications: !include app.yaml', '.upsun/app.yaml': { link: '/etc/passwd' } },
    says: /app\.yaml/,
  },
  { name: 'a bomb of anchors', files: { [CONFIG]: bomb }, says: /too large once its anchors are put in|"a" is not a key/ },
  { name: 'a key twice', files: { [CONFIG]: 'applications: {}\napplications: {}' }, says: /the key "applications" is there twice/ },
  { name: 'a tag that makes objects', files: { [CONFIG]: 'applications: !!js/function "process.exit()"' }, says: /is not known/ },
  { name: 'UTF-16', files: { [CONFIG]: `\ufeff${'\0a'.repeat(20)}` }, says: /NUL|UTF/ },
  more(
    'a mount above the application',
    'mounts: { "../other": { source: storage, source_path: x } }',
    /mounts.*"\.\.\/other" is not a path inside/,
  ),
  more(
    'a source of a mount above',
    'mounts: { here: { source: storage, source_path: "../../other" } }',
    /is not a path inside the application/,
  ),
  more('a root above the repository', 'source: { root: "../.." }', /source\.root/),
  more(
    'a key with a newline',
    'crons: { "a\\nb": { spec: "* * * * *", commands: { start: id } } }',
    /is not a cron name|holds control characters/,
  ),
  more('a worker named as a path', 'workers: { "../../x": { commands: { start: id } } }', /is not a worker name/),
  more('a host name with a newline', 'additional_hosts: { "a\\nb": 1.2.3.4 }', /additional_hosts|holds control characters/),
  variable('a key with a newline', '"A\\nB"', /is not a name an environment variable can have|holds control characters/),
  variable('a key with a value in it', '"A=B"', /is not a name an environment variable can have/),
  variable('a key of the platform', 'PLATFORM_PROJECT', /PLATFORM_PROJECT is reserved/),
  variable('a prototype key', '__proto__', /"__proto__" cannot be a key/),
  {
    ...more(
      'a mount through a committed link',
      'mounts: { "link/inner": { source: storage, source_path: x } }',
      /mount link\/inner cannot be made: link is not a folder/,
    ),
    files: { ...project({ more: '    mounts: { "link/inner": { source: storage, source_path: x } }' }), link: { link: '/etc' } },
  },
  {
    name: 'a mount over a link that the build makes',
    files: project({ build: 'ln -s /etc files', more: '    mounts: { files: { source: storage } }' }),
    says: /mount files cannot be made/,
  },
  {
    name: 'a submodule',
    files: { '.gitmodules': '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c id', gitlink: { link: ':gitlink' } },
    says: /submodule/,
  },
]

export function project(written: Written): Record<string, string> {
  return hostileProject(written)
}

function more(name: string, yaml: string, says: RegExp): RepositoryCase {
  return { name, files: project({ more: `    ${yaml}` }), says }
}

function variable(name: string, key: string, says: RegExp): RepositoryCase {
  const config = project({})[CONFIG] ?? ''
  return { name: `a variable: ${name}`, files: { [CONFIG]: config.replace('      env:\n', `      env:\n        ${key}: x\n`) }, says }
}
