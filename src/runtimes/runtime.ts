// The port every language runtime implements: which exact version, where it lies, how a build of it goes.
import type { Mount, PathView } from '#engines/engine.ts'

export interface ExactRuntime {
  /** As written in the project: `nodejs`. */
  readonly name: string
  /** Exact version: `22.23.3`. */
  readonly version: string
  /** Digest of the published package, SRI form: `sha512-…`. */
  readonly integrity: string
}

export interface RuntimeBuild {
  /** `default` or `none` of the project format; anything else is refused by `resolve`. */
  readonly flavor: string | undefined
  /** Global tools: package name to version constraint. */
  readonly dependencies: Readonly<Record<string, string>>
  /** Tells whether a file exists at the root of the application's source. */
  readonly has: (file: string) => boolean
}

export interface BuildCommand {
  /** Said in the build log before it runs. */
  readonly title: string
  /** A fixed script run by /bin/sh in the application's directory. */
  readonly script: string
}

export interface Runtime {
  readonly name: string
  /** Versions the format may name, newest first: `['26', '24', …]`. */
  readonly versions: readonly string[]
  /** The newest published version for what the project wrote (`22`, `22.23`, `22.23.3`). */
  resolve(wanted: string): Promise<ExactRuntime>
  /** Fetches, verifies and unpacks it once per machine; read-only mounts that bring it into a process. Safe to call at the same time. */
  install(runtime: ExactRuntime): Promise<readonly Mount[]>
  /** Variables a process of this runtime needs (`PATH`, …), for building or for running. */
  environment(at: PathView, phase: 'build' | 'run'): Readonly<Record<string, string>>
  /** The commands of the flavor and of the dependencies, in order, before the build hook. */
  buildCommands(build: RuntimeBuild): readonly BuildCommand[]
  /** The packages really installed in an artifact: name to version, path of `node_modules/a/node_modules/b` kept as `a > b`. Reads `directory` on the host. */
  packages(directory: string): Promise<Readonly<Record<string, string>>>
}
