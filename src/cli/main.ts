// The command line: every verb is a file beside this one; errors become sentences and exit codes here.
import { Command, CommanderError } from 'commander'
import type { Support } from '#manifest/support.ts'
import { activity } from './activity.ts'
import { completion } from './completion.ts'
import { deploy } from './deploy.ts'
import { diff } from './diff.ts'
import { env } from './env.ts'
import { exec } from './exec.ts'
import { gitCredential } from './git-credential.ts'
import { init } from './init.ts'
import { login } from './login.ts'
import { logs } from './logs.ts'
import { open } from './open.ts'
import { EXIT, exitCodeOf, printError } from './output.ts'
import { project } from './project.ts'
import { start } from './start.ts'
import { status } from './status.ts'
import { stop } from './stop.ts'
import { validate } from './validate.ts'

/** What the bin gives: it may import everything, the CLI only the contract. */
export interface Server {
  /** Runs the server until it is told to end. */
  readonly start: () => Promise<void>
  readonly support: () => Promise<Support>
}

const VERBS: readonly ((program: Command, server: Server) => void)[] = [
  start,
  stop,
  login,
  status,
  project,
  env,
  deploy,
  activity,
  logs,
  exec,
  diff,
  open,
  validate,
  init,
  completion,
  gitCredential,
]

/** Runs one command line and sets the process's exit code. */
export async function runCli(argv: readonly string[], { version, server }: { version: string; server: Server }): Promise<void> {
  const program = new Command('friday')
    .description('Every branch is a live environment, cloned from production.')
    .version(version)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .showHelpAfterError('See `friday --help`.')
    .exitOverride()
  for (const verb of VERBS) verb(program, server)
  for (const command of leavesOf(program)) acceptGlobals(command)
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage
      return
    }
    printError(error, argv.includes('--json'))
    process.exitCode = exitCodeOf(error)
  }
}

function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf)
}

/** Options of every verb, wherever on the line they are written after it. */
function acceptGlobals(command: Command): void {
  command
    .option('--json', 'answer with JSON on standard output')
    .option('--project <name>', 'the project (default: from the git remote that points at Friday)')
}
