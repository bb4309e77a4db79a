// friday git-credential: what git asks for the token of this Friday (see gitcredentials(7)); not for people.
import type { Command } from 'commander'
import { readCredentials } from './credentials.ts'

export function gitCredential(program: Command): void {
  program
    .command('git-credential', { hidden: true })
    .argument('<operation>')
    .action(async (operation: string) => {
      if (operation !== 'get') return
      const { url, token } = await readCredentials()
      let asked = ''
      for await (const chunk of process.stdin) asked += String(chunk)
      const host = /^host=(.*)$/m.exec(asked)?.[1]
      if (token !== undefined && host === new URL(url).host) process.stdout.write(`username=friday\npassword=${token}\n`)
    })
}
