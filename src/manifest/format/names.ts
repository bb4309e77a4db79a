// The names a project may give, each with its rule in words.
import type { KeyRule } from '#manifest/schema/shape.ts'

const LOWER = 'lower-case letters, digits, - and _, beginning with a letter or digit, at most 63'
const ANY = 'letters, digits, - and _, beginning with a letter or digit, at most 63'

export const APPLICATION_NAME: KeyRule = { noun: 'an application name', pattern: /^[a-z0-9][a-z0-9_-]{0,62}$/, expected: LOWER }
export const SERVICE_NAME: KeyRule = { noun: 'a service name', pattern: /^[a-z0-9][a-z0-9_-]{0,62}$/, expected: LOWER }
export const RELATIONSHIP_NAME: KeyRule = { noun: 'a relationship name', pattern: /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, expected: ANY }
export const WORKER_NAME: KeyRule = { noun: 'a worker name', pattern: /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, expected: ANY }
export const CRON_NAME: KeyRule = {
  noun: 'a cron name',
  pattern: /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$/,
  expected: 'letters, digits, spaces, ., - and _, at most 63',
}
export const VARIABLE_NAME: KeyRule = {
  noun: 'a name an environment variable can have',
  pattern: /^[A-Za-z_][A-Za-z0-9_]{0,254}$/,
  expected: 'letters, digits and _, not beginning with a digit',
}
export const PACKAGE_NAME: KeyRule = {
  noun: 'a package name',
  pattern: /^@?[A-Za-z0-9][A-Za-z0-9._~/@[\]-]{0,213}$/,
  expected: 'a name like "yarn" or "@scope/name"',
}
export const HOST_NAME: KeyRule = {
  noun: 'a host name',
  pattern: /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$/,
  expected: 'a name like "erp.example.com"',
}
export const HEADER_NAME: KeyRule = {
  noun: 'a header name',
  pattern: /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/,
  expected: 'a name like "Access-Control-Allow-Origin"',
}
export const URL_PATH: KeyRule = { noun: 'a path of the site', pattern: /^\/[^\s?#]*$/, expected: 'a path that begins with /' }
