// What the machine is like: programs, resolvers, control groups, routes. Read from /proc and /sys without starting anything.
import { lstat, readdir, readFile } from 'node:fs/promises'
import { isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { delimiter, join } from 'node:path'
import { isThere, readIfThere } from '#lib/files.ts'
import { TRUST_STORE } from '#engines/environment.ts'
import { fail } from '#engines/errors.ts'
import { blocksTouched, isShared } from './addresses.ts'
import type { HostFacts } from './config.ts'
import { usableResolvers } from './etc.ts'
import { ANY_FRIDAY } from './rules.ts'

export interface Programs {
  readonly runc: string
  readonly conmon: string
  readonly ip: string
  readonly nft: string
  readonly script: string
}

/** Where the name service of every Debian program looks things up; kept in step with what the host has. */
const SHARED_ETC = ['ssl', 'ca-certificates', 'alternatives', 'ld.so.cache', 'mime.types', 'services', 'protocols', 'timezone']
const PACKAGES: Record<keyof Programs | 'perl', string> = {
  runc: 'runc',
  conmon: 'conmon',
  ip: 'iproute2',
  nft: 'nftables',
  script: 'bsdutils',
  perl: 'perl-base',
}
const OPEN_FILES = 65_536
const SEARCH = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/sbin', '/usr/local/bin'].join(delimiter)

/** Full paths of the programs this engine drives; an error that names every missing package at once. */
export async function findPrograms(): Promise<Programs> {
  const found = new Map<string, string>()
  for (const name of Object.keys(PACKAGES)) {
    for (const folder of SEARCH.split(delimiter)) {
      if (!found.has(name) && (await isThere(join(folder, name)))) found.set(name, join(folder, name))
    }
  }
  const missing = Object.entries(PACKAGES).filter(([name]) => !found.has(name))
  if (missing.length > 0) {
    throw fail('programs_missing', `The oci engine needs programs that are not installed: ${missing.map(([name]) => name).join(', ')}`, {
      advice: `Install them (Debian: apt-get install ${missing.map(([, name]) => name).join(' ')}), or run Friday with the process engine.`,
    })
  }
  const path = (name: keyof Programs) => found.get(name) ?? name
  return { runc: path('runc'), conmon: path('conmon'), ip: path('ip'), nft: path('nft'), script: path('script') }
}

export async function readHost(): Promise<HostFacts> {
  const etc: string[] = []
  for (const name of SHARED_ETC) if (await isThere(`/etc/${name}`)) etc.push(name)
  const rootFolders: string[] = []
  for (const name of await rootNames()) if ((await lstat(`/${name}`)).isDirectory()) rootFolders.push(name)
  return {
    arch: process.arch,
    rootFolders,
    etc,
    trustStore: (await isThere(TRUST_STORE)) ? TRUST_STORE : undefined,
    openFiles: await openFiles(),
    countsSwap:
      (await isThere('/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes')) || ((await isUnified()) && (await isThere('/proc/swaps'))),
  }
}

/** What every process is allowed, unless we are allowed less ourselves and so could not grant it. */
async function openFiles(): Promise<number> {
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(await readFile('/proc/self/limits', 'utf8'))?.[1]
  return Math.min(OPEN_FILES, Number(hard ?? OPEN_FILES))
}

/** `bin`, `sbin`, `lib`, `lib64` … as far as this host has them. */
export async function rootNames(): Promise<readonly string[]> {
  return (await readdir('/')).filter((name) => /^(?:bin|sbin|lib[0-9a-z]*)$/.test(name))
}

export async function isUnified(): Promise<boolean> {
  return isThere('/sys/fs/cgroup/cgroup.controllers')
}

/** Folders under which a control group path is realised: one on a unified host, one per controller otherwise. */
export async function cgroupRoots(): Promise<readonly string[]> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8')
  return [...mounts.matchAll(/^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2? /gm)].map((match) => match[1] ?? '')
}

/** The name servers that processes are given. Those on loopback are out of their reach: then what systemd-resolved itself asks. */
export async function resolvers(): Promise<readonly string[]> {
  const own = usableResolvers((await readIfThere('/etc/resolv.conf')) ?? '')
  return own.length > 0 ? own : usableResolvers((await readIfThere('/run/systemd/resolve/resolv.conf')) ?? '')
}

/** The MTU of the link that the default route uses, so that packets fit all the way; 1500 without one. */
export async function outwardMtu(): Promise<number> {
  const link = (await routes()).find((route) => route.address === '0.0.0.0' && route.prefix === 0)?.link
  const mtu = link === undefined ? undefined : await readIfThere(`/sys/class/net/${link}/mtu`)
  return mtu === undefined ? 1500 : Number(mtu)
}

/** Whether this machine already has to do with carrier-grade NAT addresses that no Friday gave out. */
export async function sharedRangeIsTaken(): Promise<boolean> {
  const foreign = Object.entries(networkInterfaces()).filter(([name]) => !name.startsWith(ANY_FRIDAY))
  const addresses = foreign.flatMap(([, all]) => all ?? []).map((each) => each.address)
  return [...addresses, ...(await resolvers())].some((address) => isIPv4(address) && isShared(address))
}

/** Blocks that any route or interface of the host lies in; every interface with an address has a route. */
export async function blocksInUse(): Promise<ReadonlySet<number>> {
  return new Set((await routes()).flatMap((route) => blocksTouched(route.address, route.prefix)))
}

async function routes(): Promise<readonly { link: string; address: string; prefix: number }[]> {
  const table = (await readIfThere('/proc/net/route')) ?? ''
  return table
    .split('\n')
    .slice(1)
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [link = '', destination = '', , , , , , mask = ''] = line.split(/\s+/)
      return { link, address: fromHex(destination), prefix: bitsOf(mask) }
    })
}

/** The kernel prints addresses as the hexadecimal of the number in this machine's byte order (little on all we run on). */
function fromHex(hex: string): string {
  return (hex.match(/../g) ?? [])
    .toReversed()
    .map((byte) => parseInt(byte, 16))
    .join('.')
}

function bitsOf(hex: string): number {
  return [...parseInt(hex, 16).toString(2)].filter((bit) => bit === '1').length
}
