// From refs that were pushed to environments: each branch of a push is one activity, whose log is what the pusher sees.
import type { Activities, Activity } from '#activities/activities.ts'
import type { ActivityLogs } from '#activities/log.ts'
import { fail as environmentFail, type Environment, type Environments } from '#environments/environments.ts'
import type { Push, Receive, RefCommand, RefVerdict, Refusal } from '#git/push.ts'
import { errorTable, FridayError, messageOf } from '#lib/errors.ts'
import type { Project, Projects } from '#projects/projects.ts'
import type { DeployInput } from './deploy.ts'

export const fail = errorTable('pushes', {
  option: { status: 422, advice: 'Known options: nowait, parent=<branch>.' },
})

interface Dependencies {
  readonly projects: Projects
  readonly environments: Environments
  readonly activities: Activities
  readonly logs: ActivityLogs
  readonly git: {
    keep(projectId: string, name: string, sha: string): Promise<void>
    updateRef(projectId: string, ref: string, to: string, from: string | undefined): Promise<void>
    deleteRef(projectId: string, ref: string): Promise<void>
  }
}

interface Options {
  readonly nowait: boolean
  readonly parent: string | undefined
}

export function createPushes({ projects, environments, activities, logs, git }: Dependencies): Receive {
  async function push(
    project: Project,
    command: RefCommand,
    from: Push,
    say: (line: string) => void,
    signal: AbortSignal,
  ): Promise<RefVerdict> {
    try {
      if (command.ref.startsWith('refs/tags/')) return await moveTag(project, command)
      const activity = await begin(project, command, from)
      if (optionsOf(from.options).nowait) {
        say(`Activity ${activity.id} goes on without you: friday activity log ${activity.id}`)
        return { ref: command.ref, ok: true }
      }
      await relay(activity, say, signal)
      const ended = await activities.finished(activity.id, signal)
      if (ended.result === 'success') return { ref: command.ref, ok: true }
      return { ref: command.ref, ok: false, reason: oneLine(ended.failure?.message ?? 'the deployment failed') }
    } catch (error) {
      if (error instanceof FridayError) say(error.advice)
      return { ref: command.ref, ok: false, reason: oneLine(messageOf(error)) }
    }
  }

  async function begin(project: Project, command: RefCommand, from: Push): Promise<Activity> {
    const branch = command.ref.slice('refs/heads/'.length)
    const actor = from.actor
    if (command.after === undefined) {
      // By the branch alone: an address that reads like it may be another branch's.
      const environment = await environments.find(project, branch)
      if (environment === undefined) throw environmentFail('unknown', `There is no environment of the branch ${branch}`)
      return activities.create({ projectId: project.id, environmentId: environment.id, type: 'environment.delete', actor, input: {} })
    }
    const environment =
      (await environments.find(project, branch)) ?? (await environments.ensure(project, branch, await parentFor(project, branch, from)))
    environments.check(environment, 'push')
    const input: DeployInput = { commit: command.after, ...(command.before === undefined ? {} : { before: command.before }) }
    const activity = await activities.create({
      projectId: project.id,
      environmentId: environment.id,
      type: 'environment.push',
      actor,
      input,
    })
    // What is deployed is kept from now on, whatever becomes of the branch.
    await git.keep(project.id, `commits/${command.after}`, command.after)
    return activity
  }

  async function parentFor(project: Project, branch: string, from: Push): Promise<{ parent?: Environment }> {
    if (branch === project.default_branch) return {}
    return { parent: await parentEnvironment(environments, project, optionsOf(from.options).parent) }
  }

  async function relay(activity: Activity, say: (line: string) => void, signal: AbortSignal): Promise<void> {
    for (let position = 0; !signal.aborted;) {
      const complete = (await activities.get(activity.id)).state === 'complete'
      const change = logs.changed(activity.id, 1000, signal)
      const lines = await logs.read(activity.id, position)
      for (const line of lines) {
        position = line.position
        say(line.text)
      }
      if (lines.length > 0) continue
      if (complete) return
      await change
    }
  }

  async function moveTag(project: Project, { ref, before, after }: RefCommand): Promise<RefVerdict> {
    if (after === undefined) {
      await git.deleteRef(project.id, ref)
      return { ref, ok: true }
    }
    await git.updateRef(project.id, ref, after, before)
    return { ref, ok: true }
  }

  return {
    async check({ project: name, commands, options }): Promise<readonly Refusal[]> {
      const project = await projects.get(name)
      const refusals: Refusal[] = []
      for (const { ref, after } of commands) {
        if (ref === `refs/heads/${project.default_branch}` && after === undefined) {
          refusals.push({ ref, refuse: 'this is production; it goes only with its project (friday project delete)' })
        }
      }
      optionsOf(options)
      return refusals
    },
    async run(received, say, signal) {
      const project = await projects.get(received.project)
      // A parent that comes in the same push goes first; everything else keeps the order git gave.
      const ordered = received.commands.toSorted((a, b) => Number(isDefault(project, b)) - Number(isDefault(project, a)))
      const verdicts: RefVerdict[] = []
      for (const command of ordered) verdicts.push(await push(project, command, received, say, signal))
      return verdicts
    },
  }
}

/** The environment a new one is cloned from: the named one, else production; an error unless it has something to clone. */
export async function parentEnvironment(environments: Environments, project: Project, named: string | undefined): Promise<Environment> {
  const parent = await environments.find(project, named ?? project.default_branch)
  if (parent === undefined || parent.release_id === null) {
    throw environmentFail('parent', `The environment ${named ?? project.default_branch} does not run yet, so nothing can be cloned from it`)
  }
  environments.check(parent, 'branch')
  return parent
}

function isDefault(project: Project, { ref }: RefCommand): boolean {
  return ref === `refs/heads/${project.default_branch}`
}

function optionsOf(given: readonly string[]): Options {
  let nowait = false
  let parent: string | undefined
  for (const option of given) {
    const [key, value = ''] = option.split(/=(.*)/s)
    if (key === 'nowait' && value === '') nowait = true
    else if ((key === 'parent' || key === 'environment.parent') && value !== '') parent = value
    else throw fail('option', `There is no push option ${JSON.stringify(option)}`)
  }
  return { nowait, parent }
}

function oneLine(text: string): string {
  return text.split('\n')[0]?.slice(0, 300) ?? ''
}
