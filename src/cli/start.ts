// friday start: runs the server in the foreground.
import type { Command } from 'commander'

export function start(program: Command, server: { readonly start: () => Promise<void> }): void {
  program
    .command('start')
    .description('run Friday in the foreground; Ctrl-C leaves applications running, `friday stop` ends them too')
    .addHelpText(
      'after',
      '\nSettings are environment variables: FRIDAY_DATA, FRIDAY_PORT, FRIDAY_ROUTER_PORT, …; docs/guide/settings.md lists them.',
    )
    .action(() => server.start())
}
