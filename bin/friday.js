#!/usr/bin/env node
// The `friday` command. The server is only loaded when it is started, so that every other verb answers at once.
import { readFileSync } from 'node:fs'
import { runCli } from '../dist/cli/main.js'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

await runCli(process.argv.slice(2), {
  version,
  server: {
    start: async () => (await import('../dist/main.js')).main(),
    support: async () => (await import('../dist/drivers.js')).ownSupport(),
  },
})
