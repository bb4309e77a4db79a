// The command line: every verb is a file beside this one, loaded when it is called; errors become sentences and exit codes here.
import { Command, CommanderError } from 'commander'
import type { Support } from '#manifest/support.ts'
import { EXIT, exitCodeOf, printError } from './output.ts'

/** What the bin gives: it may import everything, the CLI only the contract. */
export interface Server {
  /** Runs the server until it is told to end. */
  readonly start: () => Promise<void>
  readonly support: () => Promise<Support>
}

type Verb = (program: Command, server: Server) => void

/** First word to the file that has it: nothing else is loaded. */
const VERBS: Readonly<Record<string, () => Promise<Verb>>> = {
  start: async () => (await import('./start.ts')).start,
  stop: async () => (await import('./stop.ts')).stop,
  login: async () => (await import('./login.ts')).login,
  status: async () => (await import('./status.ts')).status,
  project: async () => (await import('./project.ts')).project,
  env: async () => (await import('./env.ts')).env,
  deploy: async () => (await import('./deploy.ts')).deploy,
  redeploy: async () => (await import('./deploy.ts')).redeploy,
  activity: async () => (await import('./activity.ts')).activity,
  logs: async () => (await import('./logs.ts')).logs,
  exec: async () => (await import('./exec.ts')).exec,
  diff: async () => (await import('./diff.ts')).diff,
  open: async () => (await import('./open.ts')).open,
  validate: async () => (await import('./validate.ts')).validate,
  init: async () => (await import('./init.ts')).init,
  completion: async () => (await import('./completion.ts')).completion,
}

/** Runs one command line and sets the process's exit code. */
export async function runCli(argv: readonly string[], { version, server }: { version: string; server: Server }): Promise<void> {
  const program = new Command('friday')
    .description('Every branch is a live environment, cloned from production.')
    .version(version)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .showHelpAfterError('See `friday --help`.')
    .exitOverride()
  for (const load of chosenBy(argv)) {
    const register = await load()
    register(program, server)
  }
  for (const command of [program, ...leavesOf(program)]) acceptGlobals(command)
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

/** The verb that is called; all of them for help, completion and words that are none. */
function chosenBy(argv: readonly string[]): readonly (() => Promise<Verb>)[] {
  const word = argv.find((part, index) => !part.startsWith('-') && argv[index - 1] !== '--project') ?? ''
  const verb = word !== 'completion' && Object.hasOwn(VERBS, word) ? VERBS[word] : undefined
  return verb === undefined ? Object.values(VERBS) : [verb]
}

function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf)
}

/** Options of every verb, wherever on the line they are written. */
function acceptGlobals(command: Command): void {
  command
    .option('--json', 'answer with JSON on standard output')
    .option('--project <name>', 'the project (default: from the git remote that points at Friday)')
}
