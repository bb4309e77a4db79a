// Paths inside an application's directory, as the project writes them.
import { quote } from '#manifest/problems.ts'
import type { Place } from '#manifest/schema/place.ts'
import { mapped, text, type Shape } from '#manifest/schema/shape.ts'
import { pathFrom } from '#manifest/source/tree.ts'

/** The path without slashes at its ends and without `.`; undefined once it is reported to leave the directory. */
export function cleanPath(path: string, place: Place): string | undefined {
  const clean = /[\p{Cc}\p{Surrogate}]/u.test(path) || path.split('/').includes('..') ? undefined : pathFrom('', path.replace(/^\/+/, ''))
  if (clean !== undefined && clean.length <= 1024) return clean
  return place.error(`${quote(path)} is not a path inside the application`, { expected: 'a relative path without ".."' })
}

export function innerPath(): Shape<string> {
  return mapped(text("a directory, relative to the application's"), cleanPath)
}
