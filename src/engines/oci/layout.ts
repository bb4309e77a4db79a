// Where the engine keeps things, and what they are called on the host.
import { join } from 'node:path'
import { ANY_FRIDAY } from './rules.ts'

export interface Layout {
  readonly bundles: string
  readonly exits: string
  /** State that must vanish with a reboot, as what it tells of does. */
  readonly run: string
  readonly runcRoot: string
  readonly late: string
  readonly cgroup: string
  readonly table: string
  readonly linkPrefix: string
  namespaceName(index: number): string
  namespacePath(index: number): string
  link(index: number): string
}

export function layoutOf(folder: string, instance: string): Layout {
  const run = `/run/friday-${instance}`
  const namespaceName = (index: number) => `friday-${instance}-${index}`
  return {
    bundles: join(folder, 'bundles'),
    exits: join(folder, 'exits'),
    run,
    runcRoot: join(run, 'runc'),
    late: join(run, 'late'),
    cgroup: `/friday-${instance}`,
    table: `friday_${instance}`,
    linkPrefix: `${ANY_FRIDAY}${instance}-`,
    namespaceName,
    namespacePath: (index) => `/run/netns/${namespaceName(index)}`,
    link: (index) => `${ANY_FRIDAY}${instance}-${index}`,
  }
}
