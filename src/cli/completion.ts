// friday completion: a script that completes verbs and options in bash or zsh.
import type { Command } from 'commander'
import { print } from './output.ts'

export function completion(program: Command): void {
  program
    .command('completion')
    .description('print a completion script: eval "$(friday completion bash)"')
    .argument('<shell>', 'bash or zsh')
    .action((shell: string) => print(shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${script(program)}` : script(program)))
}

/** Verbs are completed from the program itself, so a new verb is completed without a line here. */
function script(program: Command): string {
  const cases = program.commands
    .filter((command) => command.commands.length > 0)
    .map((command) => `    ${command.name()}) words="${command.commands.map((child) => child.name()).join(' ')}" ;;`)
  const verbs = program.commands.map((command) => command.name())
  return [
    '_friday() {',
    '  local words',
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    words="${verbs.join(' ')}"`,
    '  else',
    '    case "${COMP_WORDS[1]}" in',
    ...cases,
    '    *) words="--json --project --help" ;;',
    '    esac',
    '  fi',
    '  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[$COMP_CWORD]}"))',
    '}',
    'complete -F _friday friday',
  ].join('\n')
}
