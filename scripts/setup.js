// Installs what is missing on this machine: npm packages, and Debian's programs that Friday runs. Says what to do where it may not.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const WANTED_NODE = [20, 19]

/** Program to the Debian package that has it. */
const PROGRAMS = {
  git: 'git',
  runc: 'runc',
  conmon: 'conmon',
  'mkfs.btrfs': 'btrfs-progs',
  nft: 'nftables',
  ip: 'iproute2',
  losetup: 'mount',
}
const TEST_PROGRAMS = { 'mkfs.xfs': 'xfsprogs' }
const BENCH_PROGRAMS = {
  ...TEST_PROGRAMS,
  nginx: 'nginx-light',
  caddy: 'caddy',
  wrk: 'wrk',
  '/usr/lib/postgresql/15/bin/postgres': 'postgresql',
  pgbench: 'postgresql-contrib',
}

checkNode()
installNpmPackages()
installPrograms({ ...PROGRAMS, ...(process.argv.includes('--bench') ? BENCH_PROGRAMS : TEST_PROGRAMS) })

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > WANTED_NODE[0] || (major === WANTED_NODE[0] && minor >= WANTED_NODE[1])) return
  stop(`Friday needs Node.js ${WANTED_NODE.join('.')} or newer; this is ${process.versions.node}.`)
}

function installNpmPackages() {
  const lock = join(root, 'package-lock.json')
  const installed = join(root, 'node_modules', '.package-lock.json')
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return
  console.log('Installing npm packages …')
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: 'inherit' })
  if (result.status !== 0) stop('npm ci failed; its last lines say why.')
}

function installPrograms(programs) {
  if (process.platform !== 'linux') return
  const missing = [...new Set(Object.entries(programs).flatMap(([program, name]) => (isThere(program) ? [] : [name])))]
  if (missing.length === 0) return
  const debian = existsSync('/etc/debian_version')
  if (!debian || process.getuid() !== 0) {
    const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`
    console.log(`These programs are missing: ${missing.join(', ')}.`)
    console.log(debian ? `As root, run:\n  ${command}` : 'Install them with the package manager of this system.')
    console.log('Without root or without them Friday runs applications as plain processes and copies data in full.')
    return
  }
  console.log(`Installing ${missing.join(', ')} …`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args) => spawnSync('apt-get', args, { env, encoding: 'utf8' })
  let result = apt('install', '-y', '-qq', '--no-install-recommends', ...missing)
  if (result.status !== 0) {
    apt('update', '-qq')
    result = apt('install', '-y', '-qq', '--no-install-recommends', ...missing)
  }
  if (result.status !== 0) stop(`apt-get could not install ${missing.join(' ')}:\n${result.stderr.slice(-2000)}`)
}

function isThere(program) {
  if (program.startsWith('/')) return existsSync(program)
  try {
    execFileSync('/bin/sh', ['-c', 'command -v -- "$1"', 'sh', program], {
      env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
      stdio: 'ignore',
    })
    return true
  } catch {
    return false
  }
}

function stop(message) {
  console.error(message)
  process.exit(1)
}
