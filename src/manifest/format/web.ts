// `web`: what starts, and what answers which path.
import type { LocationRule } from '#manifest/project.ts'
import { quote } from '#manifest/problems.ts'
import { field, record } from '#manifest/schema/record.ts'
import { choice, command, flag, list, mapped, named, text, type Shape } from '#manifest/schema/shape.ts'
import { containerFields } from './container.ts'
import { HEADER_NAME, URL_PATH } from './names.ts'
import { innerPath } from './paths.ts'
import { readPattern } from './pattern.ts'
import { bytes, expires } from './units.ts'

export const commandFields = {
  pre_start: field(command(), 'Runs before `start`, each time the container starts.'),
  start: field(command(), 'Runs as long as the container does, and is started again when it ends.'),
  post_start: field(command(), 'Runs after `start`; the container gets requests once it has succeeded.'),
}

const fileFields = {
  passthru: field(passthru(), 'Whether what is no file goes to the application: yes, no, or as this path.', { preset: 'false' }),
  allow: field(flag(), 'Whether files are served that no rule names.', { preset: 'true' }),
  scripts: field(flag(), 'Whether scripts run (PHP).', { preset: 'true' }),
  expires: field(expires(), 'How long a browser may keep a file; -1 says nothing about it.', { preset: '-1' }),
  headers: field(named(HEADER_NAME, headerValue(), 'a map of header names to values'), 'Headers added to files.'),
}

const rules: Shape<readonly LocationRule[]> = mapped(named(undefined, record('a rule', fileFields)), (found) =>
  found.flatMap(({ name, value, place }) => {
    const pattern = readPattern(name, place)
    const { headers, ...settings } = value
    const given = Object.fromEntries(Object.entries(settings).filter(([, setting]) => setting !== undefined))
    return pattern === undefined
      ? []
      : [{ pattern, ...given, ...(headers && { headers: Object.fromEntries(headers.map((h) => [h.name, h.value])) }) }]
  }),
)

const locationFields = {
  root: field(innerPath(), 'Directory whose files are served. None: no files.'),
  index: field(list(text('a file name')), 'Files tried for a directory.'),
  ...fileFields,
  rules: field(
    { ...rules, expected: 'a map of regular expressions to settings' },
    'Settings for paths that match a regular expression; the first match wins.',
  ),
  request_buffering: field(
    record('request_buffering', {
      enabled: field(flag(), 'Whether a request is read whole before the application gets it.', { preset: 'true', notYet: 'ignored' }),
      max_request_size: field(bytes(), 'Largest request body.', { preset: '250m' }),
    }),
    'How request bodies are taken.',
  ),
}

export const webFields = {
  commands: field(record('web.commands', commandFields), 'What runs.'),
  upstream: field(
    record('web.upstream', {
      socket_family: field(
        choice('a socket family', ['tcp', 'unix']),
        'How the application listens: `$PORT` or `$SOCKET`. Friday runs tcp.',
        { preset: 'tcp' },
      ),
      protocol: field(choice('a protocol', ['http', 'fastcgi']), 'What it speaks. Friday runs http.', { preset: 'http' }),
    }),
    'How the application is reached.',
  ),
  locations: field(
    named(URL_PATH, record('a location', locationFields)),
    'What answers which path; the longest matching path decides. Without it, everything goes to the application.',
  ),
  document_root: field(innerPath(), 'Directory of files.', { deprecated: 'locations."/".root' }),
  passthru: field(passthru(), 'What gets what is no file.', { deprecated: 'locations."/".passthru' }),
  index_files: field(list(text('a file name')), 'Files tried for a directory.', { deprecated: 'locations."/".index' }),
  whitelist: field(list(text('a regular expression')), 'Paths that are served.', { deprecated: 'locations."/".rules' }),
  blacklist: field(list(text('a regular expression')), 'Paths that are not served.', { deprecated: 'locations."/".rules' }),
  expires: field(expires(), 'How long a browser may keep a file.', { deprecated: 'locations."/".expires' }),
  move_to_root: field(flag(), 'Moves the files to the document root.', { notYet: 'ignored', deprecated: 'source.root' }),
  ...containerFields,
}

function passthru(): Shape<boolean | string> {
  const expected = 'true, false or a path like "/index.html"'
  return {
    expected,
    read(node, place) {
      if (node.kind !== 'scalar' || !node.text.startsWith('/')) return flag().read(node, place)
      return /[\p{Cc}\s]/u.test(node.text) ? place.error(`${quote(node.text)} is not a path`, { expected }) : node.text
    },
  }
}

/** A line break in a value would begin a header of its own. */
function headerValue(): Shape<string> {
  return text('a text on one line', (value) =>
    /[^\t\x20-\x7e\x80-\xff]/.test(value) ? 'a header value is one line of Latin-1 text' : undefined,
  )
}
