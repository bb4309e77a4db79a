// The reference page of the project format, made from the very descriptions the reader works by.
import { applicationFields } from './format/application.ts'
import { containerFields } from './format/container.ts'
import { routeFields } from './format/routes.ts'
import { serviceFields } from './format/services.ts'
import type { Field, Fields } from './schema/record.ts'

const INTRODUCTION = `# The project format

<!-- Made from src/manifest by renderManifestReference(); a test compares them. -->

A project says in its repository what it is made of: applications, services, routes. Friday reads two layouts of the same format.

| layout | files |
|---|---|
| flex | every \`*.yaml\` directly in \`.upsun/\`, with the keys \`applications\`, \`services\` and \`routes\`. The same name in two files: the later file's whole definition counts, in alphabetical order. |
| fixed | \`.platform.app.yaml\` in each application's directory, or \`.platform/applications.yaml\`; \`.platform/services.yaml\`; \`.platform/routes.yaml\` |

When both are there, \`.upsun\` counts and a warning says what is ignored. Files are UTF-8, at most 256 KB each and 2 MB together.

\`!include "file.yaml"\` puts another file in its place; \`!include {type: string, path: file}\` its text, \`{type: binary, …}\` its bytes in base64. Paths are
relative to the application's directory, outside applications to the file's own, and stay in the repository.

A key nobody knows is an error that names the nearest one. What the format allows and Friday does not run yet is an error where the project would
behave otherwise without it, and a warning where that is harmless. \`friday validate\` prints everything at once, each with file, line and column.

In the tables, \`<name>\` is a name you choose; **✱** marks a key that must be there, _not yet_ one that has no effect (warning) or is refused (error).
`

export function renderManifestReference(): string {
  const own = (fields: Fields) => Object.fromEntries(Object.entries(fields).filter(([key]) => !Object.hasOwn(containerFields, key)))
  return [
    INTRODUCTION,
    section(
      'Applications',
      '`applications.<name>`. Without routes, the only application that serves something gets `https://{default}/`.',
      own(applicationFields),
    ),
    section(
      'Containers',
      'For an application as a whole; in its `web` or in one worker, a key replaces the one of the application.',
      containerFields,
    ),
    section('Services', '`services.<name>`. Renaming a service makes a new, empty one.', serviceFields),
    section('Routes', '`routes.<address>`: `https://www.{default}/path/`. `{default}` is the host of the environment.', routeFields),
  ].join('\n')
}

function section(title: string, about: string, fields: Fields): string {
  const rows = rowsOf(fields, '')
  return `## ${title}\n\n${about}\n\n| key | takes | what it is for |\n|---|---|---|\n${rows.join('\n')}\n`
}

function rowsOf(fields: Fields, before: string): string[] {
  return Object.entries(fields).flatMap(([key, field]) => {
    const path = `${before}${key}`
    const inner = field.shape.fields
    const between = field.shape.keyed === 'name' ? '.<name>.' : field.shape.keyed === 'item' ? '[].' : '.'
    const row = `| \`${path}\`${field.options.required ? ' **✱**' : ''} | ${cell(inner === undefined ? field.shape.expected : takes(field))} | ${cell(aboutOf(field))} |`
    return [row, ...(inner === undefined ? [] : rowsOf(withoutContainer(inner, before === '' ? key : ''), `${path}${between}`))]
  })
}

/** What belongs to every container is described once. */
function withoutContainer(fields: Fields, of: string): Fields {
  const shared = of === 'web' || of === 'workers'
  return shared ? Object.fromEntries(Object.entries(fields).filter(([key]) => !Object.hasOwn(containerFields, key))) : fields
}

function takes({ shape }: Field<unknown>): string {
  if (shape.keyed === 'name') return 'a map of names'
  return shape.keyed === 'item' ? 'a list' : shape.expected.startsWith('a map with') ? 'a map' : shape.expected
}

function aboutOf({ about, options }: Field<unknown>): string {
  const preset = options.preset === undefined ? '' : ` Otherwise: ${options.preset}.`
  const later = options.notYet === undefined ? '' : options.notYet === 'refused' ? ' _Not yet: an error._' : ' _Not yet: a warning._'
  const old = options.deprecated === undefined ? '' : ` Older spelling of \`${options.deprecated}\`.`
  return `${about}${preset}${later}${old}`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
