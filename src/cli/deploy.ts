// friday deploy and redeploy: push what is checked out, or run the environment's commit through its deployment again.
import type { Command } from 'commander'
import { exec } from '#lib/exec.ts'
import { userEnvironment } from './credentials.ts'
import { EXIT, note, print } from './output.ts'
import { fail, openSession, type GlobalOptions } from './session.ts'

export function deploy(program: Command): void {
  program
    .command('deploy')
    .description('push the commit that is checked out to its environment and follow the deployment')
    .argument('[branch]', 'environment to deploy to (default: the branch that is checked out)')
    .option('--force', 'replace a history that is not an ancestor')
    .action(async (branch: string | undefined, _: unknown, command: Command) => push(branch, command.optsWithGlobals()))
}

export function redeploy(program: Command): void {
  program
    .command('redeploy')
    .description("deploy the environment's commit again, hooks included")
    .argument('[branch]')
    .action(async (branch: string | undefined, _: unknown, command: Command) => again(branch, command.optsWithGlobals()))
}

async function push(branch: string | undefined, options: GlobalOptions & { force?: boolean }): Promise<void> {
  const session = await openSession(options)
  const project = await session.project()
  const target = await session.environment(branch)
  const { gitUrl } = await session.client.call('getProject', { project })
  // The leading + is git's own way to force one ref.
  const refspec = `${options.force === true ? '+' : ''}HEAD:refs/heads/${target}`
  const result = await exec(['git', 'push', '--', gitUrl, refspec], {
    env: { ...userEnvironment(), GIT_TERMINAL_PROMPT: '0' },
    cwd: process.cwd(),
    onOutput: (chunk) => void (session.json || process.stderr.write(chunk)),
  })
  if (!result.ok)
    throw fail('activity_failed', `The push to ${target} was not deployed`, {
      exitCode: EXIT.activityFailed,
      advice: 'The lines above say why.',
    })
  const environment = await session.client.call('getEnvironment', { project, environment: target })
  session.answer(environment, ({ urls }) => print(urls[0] ?? ''))
}

async function again(branch: string | undefined, options: GlobalOptions): Promise<void> {
  const session = await openSession(options)
  const target = { project: await session.project(), environment: await session.environment(branch) }
  note(`Deploying ${target.environment} again`)
  await session.follow(await session.client.call('redeploy', target))
}
