// The main job, live: starts Friday in a fresh folder, pushes a real application, branches it, shows both. --once ends by itself.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bin = join(root, 'bin', 'friday.js')
const once = process.argv.includes('--once')
const folder = mkdtempSync(join(tmpdir(), 'friday-demo-'))
// Containers run as other users; they must be able to pass.
chmodSync(folder, 0o711)
const env = {
  ...process.env,
  FRIDAY_DATA: join(folder, 'data'),
  FRIDAY_CONFIG: join(folder, 'credentials.json'),
  FRIDAY_PORT: process.env.FRIDAY_PORT ?? '0',
  FRIDAY_ROUTER_PORT: process.env.FRIDAY_ROUTER_PORT ?? '0',
  // The demo's git settings are its own: nothing is written to yours.
  GIT_CONFIG_GLOBAL: join(folder, 'gitconfig'),
  GIT_CONFIG_NOSYSTEM: '1',
}

let server
let ending
process.on('SIGINT', () => void end(130))
process.on('SIGTERM', () => void end(143))

try {
  await demo()
  if (!once) await new Promise(() => setInterval(() => undefined, 1 << 30))
  await end(0)
} catch (error) {
  console.error(`\nThe demo failed: ${error.message}`)
  await end(1)
}

async function demo() {
  step('Starting Friday in a fresh folder')
  const { url, token, router } = await startServer()
  friday('login', url, '--setup-token', token)
  friday('project', 'create', 'guestbook')

  step('Pushing examples/guestbook to main: this becomes production')
  const checkout = makeCheckout(url)
  await push(checkout, 'main')
  const main = site('main')
  await expectPage(router, main, 'Guest book')

  step('A branch with a visible change, pushed: an environment of its own with its own clone of the data')
  changeSomething(checkout)
  await push(checkout, 'summer-look')
  const branch = site('summer-look')
  await expectPage(router, branch, 'Summer guest book')

  step('A row written in the branch is not in production')
  await fetchFrom(router, branch, '/api/entries', { name: 'Demo', message: 'Written in the branch only' })
  const [inBranch, inMain] = await Promise.all(
    [branch, main].map(async (host) => JSON.parse((await fetchFrom(router, host, '/api/stats')).body)),
  )
  console.log(`  entries in summer-look: ${inBranch.entries}, in main: ${inMain.entries}`)
  if (inBranch.entries !== inMain.entries + 1) throw new Error('the branch and production do not have data of their own')

  step('What differs between the two')
  console.log(indent(friday('diff', 'main', 'summer-look', '--project', 'guestbook')))

  step('Both, side by side')
  printTable()
  if (!once) console.log('\nOpen the two addresses in a browser. Ctrl-C ends the demo and removes all of it.')
}

async function startServer() {
  server = spawn(process.execPath, [bin, 'start'], { env, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  const exited = new Promise((_, reject) => server.once('exit', (code) => reject(new Error(`friday start ended with status ${code}`))))
  exited.catch(() => undefined)
  let said = ''
  const ready = new Promise((resolve) =>
    server.stdout.on('data', (chunk) => {
      said += chunk
      const url = /Friday is up: (\S+) +applications: (\S+)/.exec(said)
      const token = /--setup-token (\S+)/.exec(said)
      if (url && token) resolve({ url: url[1], router: url[2], token: token[1] })
    }),
  )
  return Promise.race([ready, exited])
}

function friday(...args) {
  const result = spawnSync(process.execPath, [bin, ...args], { env, encoding: 'utf8' })
  if (result.status !== 0) throw new Error(`friday ${args.join(' ')} failed:\n${result.stderr}`)
  return result.stdout
}

function git(cwd, ...args) {
  const result = spawnSync('git', args, { cwd, env, encoding: 'utf8' })
  if (result.status !== 0) throw new Error(`git ${args.join(' ')} failed:\n${result.stderr}`)
}

function makeCheckout(url) {
  const checkout = join(folder, 'guestbook')
  mkdirSync(checkout)
  cpSync(join(root, 'examples', 'guestbook'), checkout, { recursive: true, filter: (path) => !path.includes('node_modules') })
  git(checkout, 'init', '-q', '-b', 'main')
  git(checkout, 'config', 'user.name', 'Demo')
  git(checkout, 'config', 'user.email', 'demo@example.org')
  git(checkout, 'add', '.')
  git(checkout, 'commit', '-q', '-m', 'The guest book')
  git(checkout, 'remote', 'add', 'friday', `${url}/guestbook.git`)
  return checkout
}

function changeSomething(checkout) {
  git(checkout, 'checkout', '-q', '-b', 'summer-look')
  const path = join(checkout, 'src', 'page.js')
  writeFileSync(path, readFileSync(path, 'utf8').replace('>Guest book<', '>Summer guest book<'))
  git(checkout, 'commit', '-q', '-a', '-m', 'A look for the summer')
}

/** git push as a user sees it; its status decides. */
async function push(checkout, branch) {
  const child = spawn('git', ['push', 'friday', branch], { cwd: checkout, env, stdio: ['ignore', 'inherit', 'inherit'] })
  const status = await new Promise((resolve) => child.on('exit', resolve))
  if (status !== 0) throw new Error(`git push ended with status ${status}`)
}

function site(branch) {
  const found = JSON.parse(friday('env', 'show', branch, '--project', 'guestbook', '--json'))
  return new URL(found.urls[0]).host
}

/** Names below localhost are not known to every resolver, so the address is the router's and the name goes in the Host header. */
function fetchFrom(router, host, path, body) {
  const { hostname, port } = new URL(router)
  const headers = { host, ...(body ? { 'content-type': 'application/json' } : {}) }
  return new Promise((resolve, reject) => {
    const call = request({ hostname, port, path, method: body ? 'POST' : 'GET', headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk) => (text += chunk))
      answer.on('end', () => resolve({ status: answer.statusCode, body: text }))
    })
    call.on('error', reject)
    call.end(body && JSON.stringify(body))
  })
}

async function expectPage(router, host, text) {
  const { status, body } = await fetchFrom(router, host, '/')
  if (status !== 200 || !body.includes(text)) throw new Error(`http://${host}/ answered ${status} without "${text}"`)
  console.log(`  http://${host}/ answers: ${text}`)
}

function printTable() {
  const options = ['--project', 'guestbook', '--json']
  const rows = JSON.parse(friday('env', 'list', ...options)).map(({ branch }) => {
    const { urls, release, data } = JSON.parse(friday('env', 'show', branch, ...options))
    const [activity] = JSON.parse(friday('activity', 'list', '--env', branch, ...options))
    return [
      ['environment', branch],
      ['url', urls[0]],
      ['release', `#${release.number} ${release.commit.slice(0, 7)}`],
      ['data', `${data.rows.toLocaleString('en')} rows, ${megabytes(data.ownBytes)} own, ${megabytes(data.sharedBytes)} shared`],
      [
        'seconds',
        activity.phases
          .filter(({ ms }) => ms >= 10)
          .map(({ name, ms }) => `${name} ${(ms / 1000).toFixed(2)}`)
          .join(' · '),
      ],
    ]
  })
  for (const row of rows) console.log(`\n${row.map(([name, value]) => `  ${name.padEnd(12)}${value}`).join('\n')}`)
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

function step(text) {
  console.log(`\n── ${text}`)
}

function indent(text) {
  return text.trimEnd().replace(/^/gm, '  ')
}

/** Ends Friday with all it runs and removes the folder; a second Ctrl-C does not cut this short. */
async function end(status) {
  ending ??= (async () => {
    if (server !== undefined && server.exitCode === null) {
      const exited = new Promise((resolve) => server.once('exit', resolve))
      const asked = spawnSync(process.execPath, [bin, 'stop'], { env, encoding: 'utf8' })
      if (asked.status !== 0) console.error(asked.stderr)
      await exited
    }
    rmSync(folder, { recursive: true, force: true })
    process.exit(status)
  })()
  await ending
}
