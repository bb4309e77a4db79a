// What this Friday can run, as the manifest needs to know it.

export interface Support {
  /** Versions by runtime, newest first. */
  readonly runtimes: Readonly<Record<string, readonly string[]>>
  readonly services: Readonly<Record<string, ServiceSupport>>
}

export interface ServiceSupport {
  readonly versions: readonly string[]
  readonly defaultEndpoint: string
  /** Endpoints a relationship may name. */
  endpoints(configuration: Readonly<Record<string, unknown>>): readonly string[]
  /** Problems of a configuration; `path` is relative to it: `endpoints.reader.privileges`. Empty is good. */
  check(configuration: Readonly<Record<string, unknown>>): readonly { path: string; message: string; expected: string }[]
}

/** Own keys only: a type called `constructor` is none. */
export function supported<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}

/** `22.4` is covered where `22` is. The one of `versions` that covers it, or undefined. */
export function coveringVersion(versions: readonly string[], wanted: string): string | undefined {
  return versions.find((version) => wanted === version || wanted.startsWith(`${version}.`))
}
