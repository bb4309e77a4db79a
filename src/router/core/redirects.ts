// Path redirects of a route: exact and prefix ones by longest match, then regular expressions in the order written.
import type { PathRedirect } from '#router/router.ts'
import { fail } from '#router/errors.ts'
import { compilePattern, MAX_SUBJECT } from '#router/core/patterns.ts'
import { isUnder, type Target } from '#router/core/paths.ts'

export interface Redirection {
  readonly location: string
  readonly code: number
  /** Seconds, -1 for no caching headers. */
  readonly expires: number
}

export interface CompiledRedirects {
  readonly plain: readonly PathRedirect[]
  readonly patterns: readonly { readonly pattern: RegExp; readonly redirect: PathRedirect }[]
}

export function compileRedirects(redirects: readonly PathRedirect[], where: string): CompiledRedirects {
  for (const { from, to } of redirects) checkTarget(to, `${where}, redirect from ${from}`)
  return {
    plain: redirects
      .filter(({ regexp }) => !regexp)
      .map((redirect) => ({ ...redirect, from: encodeRest(redirect.from) }))
      .toSorted((a, b) => b.from.length - a.from.length),
    patterns: redirects
      .filter(({ regexp }) => regexp)
      .map((redirect) => ({ pattern: compilePattern(redirect.from, `${where}, redirect`), redirect })),
  }
}

/** Matches the path as it came, never the decoded one: what is copied into `Location` is still encoded. */
export function findRedirect({ plain, patterns }: CompiledRedirects, target: Target): Redirection | undefined {
  for (const redirect of plain) {
    const exact = target.raw === redirect.from
    if (!exact && !(redirect.prefix && isUnder(target.raw, redirect.from))) continue
    const suffix = redirect.prefix && redirect.appendSuffix ? target.raw.slice(redirect.from.length) : ''
    const to = suffix === '' ? redirect.to : joinPath(redirect.to, suffix)
    return { location: safeLocation(withQuery(to, target.query)), code: redirect.code, expires: redirect.expires }
  }
  if (patterns.length === 0) return undefined
  const subject = target.raw.slice(0, MAX_SUBJECT)
  for (const { pattern, redirect } of patterns) {
    const match = pattern.exec(subject)
    if (match === null) continue
    return { location: safeLocation(fill(redirect.to, match, target)), code: redirect.code, expires: redirect.expires }
  }
  return undefined
}

/** Where a whole redirected route leads: `to` with the rest of the path behind it. */
export function routeRedirect(to: string, routePath: string, target: Target): string {
  const rest = isUnder(target.raw, routePath) ? target.raw.slice(routePath.length) : target.raw
  return safeLocation(withQuery(joinPath(to, rest), target.query))
}

/** Refuses a redirect target that could write headers of its own. */
export function checkTarget(to: string, where: string): void {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (to === '' || /[\u0000-\u001f\u007f]/.test(to)) throw fail('bad_site', `${where}: the target is empty or holds control characters`)
  if (!to.startsWith('/') && !/^https?:\/\/[^/]/i.test(to) && !to.startsWith('$')) {
    throw fail('bad_site', `${where}: the target ${JSON.stringify(to.slice(0, 200))} is neither a path nor an http(s) URL`)
  }
}

function fill(to: string, match: RegExpExecArray, { raw, query }: Target): string {
  return to.replace(/\$(\d|uri|args|is_args|arg_[A-Za-z0-9_]+)/g, (_, name: string) => {
    if (/^\d$/.test(name)) return match[Number(name)] ?? ''
    if (name === 'uri') return raw
    if (name === 'args') return query.slice(1)
    if (name === 'is_args') return query.length > 1 ? '?' : ''
    return argument(query, name.slice(4))
  })
}

function argument(query: string, name: string): string {
  for (const pair of query.slice(1).split('&')) if (pair.startsWith(`${name}=`)) return pair.slice(name.length + 1)
  return ''
}

function joinPath(to: string, rest: string): string {
  if (rest === '' || rest === '/') return rest === '/' && !to.endsWith('/') ? `${to}/` : to
  return `${to.endsWith('/') ? to.slice(0, -1) : to}${rest.startsWith('/') ? '' : '/'}${rest}`
}

function withQuery(to: string, query: string): string {
  return query === '' || to.includes('?') ? to : `${to}${query}`
}

// `//host` and `/\host` would lead a browser to another host.
function safeLocation(location: string): string {
  const local = location.startsWith('/') ? location.replace(/^[/\\]+/, '/') : location
  return encodeRest(local)
}

function encodeRest(text: string): string {
  return text.replace(/[^\x21-\x7e]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return code >= 0xd800 && code <= 0xdfff ? '%EF%BF%BD' : encodeURIComponent(character)
  })
}
