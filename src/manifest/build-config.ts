// The parts of an application's configuration that can change what a build makes; the rest redeploys without a build.
import type { Application, Json, MountDefinition } from './project.ts'

export interface BuildConfig {
  readonly type: Application['type']
  readonly flavor: string | null
  readonly dependencies: Application['dependencies']
  readonly hook: string | null
  readonly env: Readonly<Record<string, string>>
  readonly prefixed: Readonly<Record<string, Json>>
  /** Where mounts will hide files: builds see the paths and never the content. */
  readonly mounts: readonly MountDefinition[]
}

/** Equal for two applications whose builds from equal source would be equal. Plain JSON; key order says nothing. */
export function buildConfigOf(application: Application): BuildConfig {
  const { type, build, dependencies, hooks, variables, mounts, workers } = application
  const byPath = new Map([...workers.flatMap((worker) => worker.mounts), ...mounts].map((mount) => [mount.path, mount]))
  return {
    type,
    flavor: build.flavor ?? null,
    dependencies,
    hook: hooks.build ?? null,
    env: variables.env,
    prefixed: variables.prefixed,
    mounts: [...byPath.values()].toSorted((one, other) => (one.path < other.path ? -1 : 1)),
  }
}
