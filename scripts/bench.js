// Runs one comparison of bench/: `npm run bench -- <name> [--quick]`. Prints a table, and as its last line one JSON object.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir, cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const [name] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const names = readdirSync(join(root, 'bench')).flatMap((file) => (file.endsWith('.ts') && !file.startsWith('_') ? [file.slice(0, -3)] : []))
if (name === undefined || !existsSync(join(root, 'bench', `${name}.ts`))) {
  console.error(`usage: npm run bench -- <${names.join('|')}> [--quick]`)
  process.exit(2)
}

const out = mkdtempSync(join(tmpdir(), 'friday-bench-'))
process.on('exit', () => rmSync(out, { recursive: true, force: true }))
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const built = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.bench.json'), '--outDir', out], { stdio: 'inherit' })
if (built.status !== 0) process.exit(1)
// What the benches import by `#…` is what was built to dist/.
for (const file of ['package.json', 'node_modules', 'dist', 'examples', 'bin']) symlinkSync(join(root, file), join(out, file))

const { run } = await import(pathToFileURL(join(out, 'bench', `${name}.js`)).href)
const result = await run({ quick: process.argv.includes('--quick') })
console.log(JSON.stringify({ ...result, machine: `${cpus().length} cores` }))
process.exit(0)
