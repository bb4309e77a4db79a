// `mounts`: the directories an application may write to.
import { quote } from '#manifest/problems.ts'
import type { Place } from '#manifest/schema/place.ts'
import { field, record } from '#manifest/schema/record.ts'
import { choice, either, mapped, named, text, type Shape } from '#manifest/schema/shape.ts'
import { cleanPath } from './paths.ts'

export interface WrittenMount {
  readonly path: string
  readonly source: 'storage' | 'instance' | 'tmp' | 'service' | 'local'
  readonly sourcePath: string
  readonly service: string | undefined
  readonly place: Place
}

const SOURCES = ['storage', 'instance', 'tmp', 'service', 'local'] as const

const mountMap = record('a mount', {
  source: field(
    choice('a mount source', SOURCES, ['temporary']),
    'Where the files lie. `storage`: kept, cloned with the data, shared by all containers of the application. `instance`: of one container. ' +
      '`tmp`: may vanish. `service`: of the service named by `service`. `local`: an older name (`instance` in `.upsun`, kept files in `.platform`).',
    { required: true },
  ),
  source_path: field(text('a directory of the storage'), 'Directory in the storage; "" is the whole of it.', {
    preset: "the mount's path",
  }),
  service: field(text('the name of a service'), "Whose storage it is, when not the application's own."),
})

/** `shared:files/uploads`: kept files. */
const short = mapped(text('"shared:files/directory"'), (written, place) => {
  const [, path] = /^shared:files(?:\/(.*))?$/.exec(written) ?? []
  if (/^shared:files(?:\/|$)/.test(written)) return { source: 'local', source_path: path ?? '', service: undefined } as const
  return place.error(`${quote(written)} is not a mount`, { expected: '{source: storage, source_path: "directory"}' })
})

export function mounts(): Shape<readonly WrittenMount[]> {
  const all = named(undefined, either(short, mountMap, 'a map with source and source_path'))
  return mapped(all, (found) => {
    const written = found.map(({ name, value, place }) => readMount(name, value, place)).filter((mount) => mount !== undefined)
    checkPaths(written)
    return written
  })
}

interface MountValues {
  readonly source: (typeof SOURCES)[number] | 'temporary' | undefined
  readonly source_path: string | undefined
  readonly service: string | undefined
}

function readMount(name: string, { source, source_path, service }: MountValues, place: Place): WrittenMount | undefined {
  const path = cleanPath(name, place)
  const sourcePath = source_path === undefined ? path : cleanPath(source_path, place)
  if (path === undefined || sourcePath === undefined || source === undefined) return undefined
  if (path === '') return place.error('a mount cannot hide the whole application', { expected: 'a directory in it' })
  if (source === 'service' && service === undefined)
    return place.error('the mount names no service', { expected: 'service: the name of one' })
  return { path, source: source === 'temporary' ? 'tmp' : source, sourcePath, service, place }
}

function checkPaths(written: readonly WrittenMount[]): void {
  const sorted = written.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const outer: WrittenMount[] = []
  for (const mount of sorted) {
    while (outer.length > 0 && !`${mount.path}/`.startsWith(`${outer.at(-1)?.path}/`)) outer.pop()
    const around = outer.at(-1)
    if (around?.path === mount.path) mount.place.error(`the path "${mount.path}" is mounted twice`)
    else if (around !== undefined && (around.source !== mount.source || around.service !== mount.service)) {
      mount.place.error(`the mount lies inside the mount "${around.path}", which has another source`, { expected: 'mounts side by side' })
    } else if (around !== undefined) mount.place.warn(`the mount lies inside the mount "${around.path}"`)
    outer.push(mount)
  }
}
