// What a release is made of: the validated project with every version exact and every build named. Stored with the release; no secrets.
import type { Application, Project as Manifest } from '#manifest/project.ts'
import type { ExactRuntime } from '#runtimes/runtime.ts'
import type { PlannedService } from './services.ts'

export interface PlannedApplication {
  readonly manifest: Application
  readonly runtime: ExactRuntime
  readonly build: string
  readonly tree: string
}

export interface Plan {
  readonly commit: string
  /** Git tree id of the whole commit. */
  readonly tree: string
  readonly manifest: Manifest
  readonly applications: readonly PlannedApplication[]
  readonly services: readonly PlannedService[]
}
