// One route.
import type { PathRedirect } from '#manifest/project.ts'
import { quote } from '#manifest/problems.ts'
import { field, record, type Values } from '#manifest/schema/record.ts'
import { anything, choice, flag, located, mapped, named, text, type Shape } from '#manifest/schema/shape.ts'
import { readPattern } from './pattern.ts'
import { expires } from './units.ts'

export const ADDRESS = 'an address like https://{default}/ or a path like /new'
const CODES = ['301', '302', '307', '308'] as const

const redirectFields = {
  to: field(address(), 'Where it leads: an address or a path. `$1`, `$uri` and `$args` are put in.', { required: true }),
  regexp: field(flag(), 'Whether the path is a regular expression.', { preset: 'false' }),
  prefix: field(flag(), 'Whether longer paths match too.', { preset: 'true' }),
  append_suffix: field(flag(), 'Whether the rest of a longer path is kept.', { preset: 'true' }),
  code: field(choice('a redirect status', CODES), 'The status.', { preset: '302' }),
  expires: field(expires(), 'How long a browser may remember it.', { preset: 'redirects.expires' }),
}

const redirectsFields = {
  expires: field(expires(), 'How long a browser may remember them.', { preset: '-1' }),
  paths: field(named(undefined, record('a redirect', redirectFields)), 'Paths and where they lead.'),
}

const redirects: Shape<readonly PathRedirect[]> = {
  ...mapped(record('redirects', redirectsFields), ({ expires: common, paths }) =>
    (paths ?? []).flatMap(({ name, value, place }): PathRedirect[] => {
      const from = value.regexp === true ? readPattern(name, place) : pathOf(name, place)
      if (from === undefined || value.to === undefined) return []
      return [
        {
          from,
          to: value.to,
          regexp: value.regexp ?? false,
          prefix: value.prefix ?? true,
          appendSuffix: value.append_suffix ?? true,
          code: Number(value.code ?? 302) as PathRedirect['code'], // one of CODES
          expires: value.expires ?? common ?? -1,
        },
      ]
    }),
  ),
}

export const routeFields = {
  type: field(
    choice('a route type', ['upstream', 'redirect', 'proxy']),
    'Answered by an application, sent elsewhere, or fetched from elsewhere.',
    {
      required: true,
    },
  ),
  upstream: field(located(text('"application:http"')), 'For `upstream`: who answers.'),
  to: field(located(text(ADDRESS)), 'For `redirect` and `proxy`: the address; `{default}` stands for the environment’s host.'),
  id: field(
    text('a short text', (value) => (/^[^\p{Cc}]{1,128}$/u.test(value) ? undefined : 'this is not an id')),
    'A name to find the route by.',
  ),
  primary: field(located(flag()), 'Whether it is the address people are shown.', { preset: 'true for the first upstream route' }),
  attributes: field(named(undefined, text(), 'a map of names to texts'), 'Data of the project’s own.'),
  redirects: field(redirects, 'Redirects of single paths.'),
  tls: field(
    record('tls', {
      min_version: field(text('TLSv1.2 or TLSv1.3'), 'Oldest TLS that is spoken.', { notYet: 'ignored' }),
      strict_transport_security: field(
        record('strict_transport_security', {
          enabled: field(flag(), 'Whether browsers are told to stay with https.'),
          include_subdomains: field(flag(), 'For all hosts below, too.'),
          preload: field(flag(), 'For the lists browsers bring along.'),
        }),
        'The header Strict-Transport-Security.',
        { notYet: 'ignored' },
      ),
      client_authentication: field(anything(), 'Certificates that clients must show.', { notYet: 'refused' }),
      client_certificate_authorities: field(anything(), 'Who signs them.', { notYet: 'refused' }),
    }),
    'How https is spoken.',
  ),
  cache: field(anything(), 'What the router keeps.', { notYet: 'ignored' }),
  ssi: field(anything(), 'Includes in pages.', { notYet: 'ignored' }),
  sticky: field(anything(), 'Keeps a visitor at one container; there is one.', { notYet: 'ignored' }),
}

export const routeShape = record('a route', routeFields)
export type WrittenRoute = Values<typeof routeFields>

/** Where a visitor is sent; white space would end the header it goes into. */
export function isAddress(written: string): boolean {
  return /^(?:https?:\/\/[^/\s]+|\/|\$)[^\s\p{Cc}]*$/u.test(written)
}

function address(): Shape<string> {
  return mapped(text(ADDRESS), (value, place) =>
    isAddress(value) ? value : place.error(`${quote(value)} is not an address`, { expected: ADDRESS }),
  )
}

function pathOf(name: string, place: Parameters<typeof readPattern>[1]): string | undefined {
  return /^\/[^\s\p{Cc}]*$/u.test(name) ? name : place.error(`${quote(name)} is not a path`, { expected: 'a path that begins with /' })
}
