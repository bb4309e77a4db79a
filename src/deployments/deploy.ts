// Brings one environment to a new release: new beside old, checked, swapped; any failure before the swap leaves the old one serving.
import type { ActivityContext, Part } from '#activities/activities.ts'
import type { ActivityLog } from '#activities/log.ts'
import { FridayError } from '#lib/errors.ts'
import type { Goal, Steps } from './steps.ts'
import { hasHook } from './work.ts'

/** What an activity that deploys carries. */
export interface DeployInput {
  readonly commit: string
  /** Value of the branch's ref that the push saw; undefined = the branch is new, null = the ref is not to be moved. */
  readonly before?: string | null
  /** Branch of the environment to clone, for a new one. */
  readonly parent?: string
}

export async function deploy(context: ActivityContext, steps: Steps): Promise<void> {
  const { phase, stage, log } = context
  const goal = await read(context, steps)
  try {
    if (hasHook(goal.plan, 'deploy')) {
      await stage('provide', (part) => provide(part, goal, steps, log))
      await phase('deploy hook', () => steps.runDeployHooks(goal, log))
      await stage('open', (part) => open(part, goal, steps, log))
    } else {
      await stage('deploy', async (part) => {
        await provide(part, goal, steps, log)
        await open(part, goal, steps, log)
      })
    }
  } catch (error) {
    await phase('undo', () => steps.undo(goal, log))
    if (error instanceof FridayError && goal.first) log.line('Nothing was deployed; the environment was taken away again.')
    else log.line('The release that ran before goes on serving.')
    throw error
  }
  await phase('record', () => steps.record(goal, log))
  await phase('drain', () => steps.drain(goal, log))
  if (hasHook(goal.plan, 'postDeploy')) await phase('post_deploy hook', () => steps.runPostDeployHooks(goal, log))
}

async function provide(part: Part, goal: Goal, steps: Steps, log: ActivityLog): Promise<void> {
  await part('build', () => steps.build(goal, log))
  await part('data', () => steps.provideData(goal, log))
  await part('services', () => steps.startServices(goal, log))
}

async function open(part: Part, goal: Goal, steps: Steps, log: ActivityLog): Promise<void> {
  // What serves already is not judged again by a control plane that finds it so.
  if (await steps.isServing(goal)) return
  await part('start', () => steps.start(goal, log))
  await part('health', () => steps.waitHealthy(goal, log))
  await part('swap', () => steps.swap(goal, log))
}

async function read(context: ActivityContext, steps: Steps): Promise<Goal> {
  try {
    return await context.phase('read', () => steps.read(context))
  } catch (error) {
    await context.phase('undo', () => steps.abandon(context))
    throw error
  }
}
