// Runs every test: the static checks, then unit tests, then those on real programs. With arguments only vitest runs, with them (a path, -t a name).
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const given = process.argv.slice(2)

if (given.length === 0) {
  for (const check of ['format:check', 'types', 'lint', 'dead']) run('npm', ['run', '--silent', check])
}
run(process.execPath, [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', ...given])

function run(file, args) {
  const { status } = spawnSync(file, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
