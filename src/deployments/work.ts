// What an application runs, taken from its manifest: its web process, workers, hooks and crons. Pure.
import type { Plan, PlannedApplication } from './plan.ts'
import type { Work } from './processes.ts'

export function webOf({ manifest }: PlannedApplication): Work | undefined {
  const commands = manifest.web?.commands
  if (commands?.start === undefined) return undefined
  return {
    role: 'web',
    name: manifest.name,
    script: commands.start,
    preStart: commands.preStart,
    postStart: commands.postStart,
    env: manifest.variables.env,
    mounts: manifest.mounts,
    relationships: manifest.relationships,
    additionalHosts: manifest.additionalHosts,
  }
}

export function workersOf({ manifest }: PlannedApplication): Work[] {
  return manifest.workers.map((worker) => ({
    role: 'worker',
    name: worker.name,
    script: worker.commands.start,
    preStart: worker.commands.preStart,
    postStart: worker.commands.postStart,
    additionalHosts: worker.additionalHosts,
    env: worker.variables.env,
    mounts: worker.mounts,
    relationships: worker.relationships,
  }))
}

export function hookOf({ manifest }: PlannedApplication, hook: 'deploy' | 'postDeploy'): Work | undefined {
  const script = manifest.hooks[hook]
  if (script === undefined || script.trim() === '') return undefined
  const name = hook === 'deploy' ? 'deploy' : 'post-deploy'
  return {
    role: 'hook',
    name,
    script,
    env: manifest.variables.env,
    mounts: manifest.mounts,
    relationships: manifest.relationships,
    additionalHosts: manifest.additionalHosts,
  }
}

export function hasHook(plan: Plan, hook: 'deploy' | 'postDeploy'): boolean {
  return plan.applications.some((application) => hookOf(application, hook) !== undefined)
}

export function cronOf({ manifest }: PlannedApplication, name: string): Work | undefined {
  const cron = manifest.crons.find((candidate) => candidate.name === name)
  if (cron === undefined) return undefined
  return {
    role: 'cron',
    name,
    script: cron.commands.start,
    env: manifest.variables.env,
    mounts: manifest.mounts,
    relationships: manifest.relationships,
    additionalHosts: manifest.additionalHosts,
  }
}
