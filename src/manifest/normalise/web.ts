// `web` with every default filled in, old keys rewritten as locations.
import type { WrittenWeb } from '#manifest/format/application.ts'
import { readPattern } from '#manifest/format/pattern.ts'
import type { LocationRule, Web, WebLocation } from '#manifest/project.ts'
import type { Located } from '#manifest/schema/shape.ts'

const MAX_REQUEST = 250 * 1024 ** 2
const EVERYTHING: WebLocation = {
  path: '/',
  root: undefined,
  index: [],
  passthru: true,
  allow: true,
  scripts: true,
  expires: -1,
  headers: {},
  rules: [],
  maxRequestBytes: MAX_REQUEST,
}

export function readWeb({ value: written, place }: Located<WrittenWeb>): Web {
  const { commands, upstream } = written
  if (upstream?.socket_family === 'unix') place.child('upstream').error('Friday does not run unix sockets yet; it runs tcp')
  if (upstream?.protocol === 'fastcgi') place.child('upstream').error('Friday does not run fastcgi yet; it runs http')
  const locations = readLocations(written) ?? legacyLocations({ value: written, place }) ?? [EVERYTHING]
  return {
    commands: { preStart: commands?.pre_start, start: commands?.start, postStart: commands?.post_start },
    upstream: { socketFamily: upstream?.socket_family ?? 'tcp', protocol: upstream?.protocol ?? 'http' },
    locations,
  }
}

/** Whether requests go to a process that nothing starts. */
export function passesToNothing({ commands, locations }: Web): boolean {
  return commands.start === undefined && locations.some((location) => location.passthru === true)
}

/** Whether anything could answer a request. */
export function serves({ commands, locations }: Web): boolean {
  return commands.start !== undefined || locations.some((location) => location.root !== undefined)
}

function readLocations({ locations }: WrittenWeb): WebLocation[] | undefined {
  if (locations === undefined || locations.length === 0) return undefined
  return locations.map(({ name, value }) => ({
    path: name,
    root: value.root,
    index: value.index ?? [],
    passthru: value.passthru ?? false,
    allow: value.allow ?? true,
    scripts: value.scripts ?? true,
    expires: value.expires ?? -1,
    headers: Object.fromEntries((value.headers ?? []).map((header) => [header.name, header.value])),
    rules: value.rules ?? [],
    maxRequestBytes: value.request_buffering?.max_request_size ?? MAX_REQUEST,
  }))
}

/** What `document_root`, `whitelist` and their like meant. */
function legacyLocations({ value, place }: Located<WrittenWeb>): WebLocation[] | undefined {
  const { document_root: root, passthru, index_files: index, whitelist, blacklist, expires } = value
  if ([root, passthru, index, whitelist, blacklist, expires].every((part) => part === undefined)) return undefined
  const rules = (patterns: readonly string[] | undefined, key: string, allow: boolean): LocationRule[] =>
    (patterns ?? []).flatMap((written) => {
      const pattern = readPattern(written, place.child(key))
      return pattern === undefined ? [] : [{ pattern, allow }]
    })
  return [
    {
      ...EVERYTHING,
      root,
      index: index ?? [],
      passthru: passthru ?? false,
      allow: whitelist === undefined,
      expires: expires ?? -1,
      rules: [...rules(blacklist, 'blacklist', false), ...rules(whitelist, 'whitelist', true)],
    },
  ]
}
