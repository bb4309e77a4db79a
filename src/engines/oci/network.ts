// One network namespace per environment, joined to the host by a pair of links, with a firewall between all of them.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { messageOf } from '#lib/errors.ts'
import { exec } from '#lib/exec.ts'
import { isThere } from '#lib/files.ts'
import { waitFor } from '#lib/wait.ts'
import type { Endpoint, NetworkSpec } from '#engines/engine.ts'
import { fail } from '#engines/errors.ts'
import { addressOf, blockCidr, candidates, NETWORKS_PER_BLOCK, pickNamed, pickPort, subnetOf, type Subnet } from './addresses.ts'
import { blocksInUse, outwardMtu, sharedRangeIsTaken, type Programs } from './host.ts'
import type { Layout } from './layout.ts'
import type { NetworkRecord, Registry } from './registry.ts'
import { firewall, hostLinks, innerLinks, withoutFirewall } from './rules.ts'

const FORWARDING = '/proc/sys/net/ipv4/ip_forward'
/** The host did not forward packets before a Friday asked it to; forgotten with a reboot, as the setting is. */
const FORWARDING_MARK = '/run/friday.forwarding'
/** An abstract socket: held by one process of the machine at a time, let go by the kernel when it dies. */
const LOCK = '\0friday-oci-blocks'

const SPARE_AFTER_MS = 1000

export interface Networks {
  ensure(spec: NetworkSpec): Promise<void>
  /** Takes down the links; the caller has ended the processes. */
  remove(id: string): Promise<void>
  ids(): readonly string[]
  /** User and namespace of a network; throws `engine.no_network`. */
  place(id: string): { readonly uid: number; readonly namespace: string }
  allocate(id: string, name: string, port?: number): Promise<Endpoint>
  release(id: string, name: string): Promise<void>
  /** Puts up again what a reboot took down. */
  restore(): Promise<void>
  /** Begins nothing more by itself. */
  letGo(): void
  /** Takes down everything that is left, and what was changed on the host for it. */
  removeAll(): Promise<void>
}

export function createNetworks(programs: Programs, layout: Layout, registry: Registry): Networks {
  const { records } = registry
  const marks = join(layout.run, 'networks')
  let spare: NodeJS.Timeout | undefined
  /** What is being brought up, by index. */
  const rising = new Map<number, Promise<void>>()
  /** Sealed links as the firewall knows them; undefined until this process has written it. */
  let enforced: string | undefined
  let firewallWork: Promise<void> = Promise.resolve()

  async function ensure(spec: NetworkSpec): Promise<void> {
    const block = await ourBlock()
    const known = records.networks.get(spec.id)
    const record: NetworkRecord = known ?? { index: freeIndex(), outbound: spec.outbound, listeners: new Map(), nextPort: 0 }
    if (known === undefined || known.outbound !== spec.outbound) {
      record.outbound = spec.outbound
      records.networks.set(spec.id, record)
      await registry.save()
    }
    await Promise.all([enforce(block), bringUp(record.index, block)])
    // The next one is brought up when nobody waits for it; it may be taken by any later network, of a later control plane too.
    if (known === undefined) raiseSpare(block)
  }

  function raiseSpare(block: number): void {
    clearTimeout(spare)
    spare = setTimeout(() => void bringUp(nextIndex(), block).catch(() => undefined), SPARE_AFTER_MS).unref()
  }

  function bringUp(index: number, block: number): Promise<void> {
    const work = rising.get(index) ?? raise(index, subnetOf(block, index)).finally(() => rising.delete(index))
    rising.set(index, work)
    return work
  }

  /** The mark is made last: without it the namespace is half made and begun anew. */
  async function raise(index: number, subnet: Subnet): Promise<void> {
    const mark = join(marks, String(index))
    const namespace = layout.namespaceName(index)
    const link = layout.link(index)
    if ((await isThere(mark)) && (await isThere(`/sys/class/net/${link}`))) return
    await takeDown(index)
    await mkdir(marks, { recursive: true, mode: 0o700 })
    await ip([], hostLinks(namespace, link, subnet, await outwardMtu()))
    await ip(['-n', namespace], innerLinks(subnet))
    await writeFile(mark, '')
  }

  async function takeDown(index: number): Promise<void> {
    await rm(join(marks, String(index)), { force: true })
    const link = layout.link(index)
    if (await isThere(`/sys/class/net/${link}`)) await ip([], `link del ${link}\n`)
    if (await isThere(layout.namespacePath(index))) await ip([], `netns del ${layout.namespaceName(index)}\n`)
  }

  /** Writes the firewall when the sealed networks are not those it knows. One at a time; the last one sees every change. */
  function enforce(block: number): Promise<void> {
    firewallWork = firewallWork
      .catch(() => undefined)
      .then(async () => {
        const sealed = [...records.networks.values()]
          .filter((record) => record.outbound === 'sealed')
          .map((record) => layout.link(record.index))
          .toSorted()
        if (enforced === sealed.join()) return
        await nft(firewall({ table: layout.table, linkPrefix: layout.linkPrefix, block: blockCidr(block), sealed }))
        await forwardPackets()
        enforced = sealed.join()
      })
    return firewallWork
  }

  async function forwardPackets(): Promise<void> {
    if ((await readFile(FORWARDING, 'utf8')).trim() === '1') return
    await writeFile(FORWARDING_MARK, '')
    await writeFile(FORWARDING, '1')
  }

  /** Our part of the address range: taken once, kept as long as there are networks, shown to other Fridays by an unreachable route. */
  async function ourBlock(): Promise<number> {
    if (records.block !== undefined && (await isThere(join(layout.run, 'block')))) return records.block
    return withMachineLock(async () => {
      const used = await blocksInUse()
      const mine = records.block
      const settled = records.networks.size > 0
      if (mine !== undefined && used.has(mine) && settled) {
        throw fail('block_taken', `The address block ${blockCidr(mine)} of this Friday is used by something else on this machine`)
      }
      const block = mine !== undefined && !used.has(mine) ? mine : await firstFree(used)
      await mkdir(layout.run, { recursive: true, mode: 0o700 })
      records.block = block
      await registry.save()
      await ip([], `route add unreachable ${blockCidr(block)}\n`)
      await writeFile(join(layout.run, 'block'), String(block))
      return block
    })
  }

  async function firstFree(used: ReadonlySet<number>): Promise<number> {
    // Begins at a place that depends on the instance, so that even Fridays that are down seldom share one.
    const free = candidates(records.instance, await sharedRangeIsTaken()).find((block) => !used.has(block))
    if (free === undefined) throw fail('addresses_used_up', 'Every block of private addresses is used by this machine')
    return free
  }

  function freeIndex(): number {
    const index = nextIndex()
    records.nextIndex = index + 1
    return index
  }

  function nextIndex(): number {
    const used = new Set([...records.networks.values()].map((record) => record.index))
    for (let n = 0; n < NETWORKS_PER_BLOCK; n++) {
      const index = (records.nextIndex + n) % NETWORKS_PER_BLOCK
      if (!used.has(index)) return index
    }
    throw fail('addresses_used_up', `This Friday already has ${NETWORKS_PER_BLOCK} networks, which is all its address block holds`)
  }

  async function remove(id: string): Promise<void> {
    const record = records.networks.get(id)
    if (record === undefined) return
    await takeDown(record.index)
    records.networks.delete(id)
    await registry.save()
    if (records.block !== undefined) await enforce(records.block)
  }

  function need(id: string): { record: NetworkRecord; block: number } {
    const record = records.networks.get(id)
    if (record === undefined || records.block === undefined) throw fail('no_network', `There is no network ${id}`)
    return { record, block: records.block }
  }

  async function allocate(id: string, name: string, port?: number): Promise<Endpoint> {
    const { record, block } = need(id)
    const known = record.listeners.get(name)
    if (known !== undefined) return { host: addressOf(block, record.index, known), port: known.port }
    const taken = [...record.listeners.values()]
    const listener = port === undefined ? pickPort(taken, record.nextPort) : pickNamed(taken, port)
    if (listener === undefined) throw fail('addresses_used_up', `The network ${id} has no address left for ${name}`)
    if (port === undefined) record.nextPort = listener.port + 1
    record.listeners.set(name, listener)
    await registry.save()
    return { host: addressOf(block, record.index, listener), port: listener.port }
  }

  async function release(id: string, name: string): Promise<void> {
    const record = records.networks.get(id)
    if (record === undefined || !record.listeners.delete(name)) return
    await registry.save()
  }

  async function restore(): Promise<void> {
    for (const [id, record] of records.networks) await ensure({ id, outbound: record.outbound })
  }

  async function removeAll(): Promise<void> {
    clearTimeout(spare)
    await Promise.allSettled(rising.values())
    for (const index of await raised()) await takeDown(index)
    records.networks.clear()
    if (await isThere(join(layout.run, 'block'))) {
      await nft(withoutFirewall(layout.table))
      await ip(['-force'], records.block === undefined ? '' : `route del unreachable ${blockCidr(records.block)}\n`)
    }
    enforced = undefined
    await rm(layout.run, { recursive: true, force: true })
    await withMachineLock(putForwardingBack)
    await registry.save()
  }

  /** Every network there is or was begun, the spare one too. */
  async function raised(): Promise<ReadonlySet<number>> {
    const marked = (await readdir(marks).catch(() => [])).map(Number)
    const begun = [...records.networks.values()].map((record) => record.index)
    return new Set([...marked, ...begun, records.nextIndex % NETWORKS_PER_BLOCK])
  }

  /** The last Friday with networks puts it back, whichever asked for it. */
  async function putForwardingBack(): Promise<void> {
    if (!(await isThere(FORWARDING_MARK))) return
    const others = (await readdir('/run')).filter((name) => name.startsWith('friday-'))
    for (const name of others) if (await isThere(join('/run', name, 'block'))) return
    await writeFile(FORWARDING, '0')
    await rm(FORWARDING_MARK, { force: true })
  }

  async function ip(options: readonly string[], batch: string): Promise<void> {
    await pipe([programs.ip, ...options, '-batch', '-'], batch)
  }

  async function nft(rules: string): Promise<void> {
    await pipe([programs.nft, '-f', '-'], rules)
  }

  return {
    ensure,
    remove,
    ids: () => [...records.networks.keys()],
    place,
    allocate,
    release,
    restore,
    letGo: () => clearTimeout(spare),
    removeAll,
  }

  function place(id: string) {
    const { record, block } = need(id)
    return { uid: subnetOf(block, record.index).uid, namespace: layout.namespacePath(record.index) }
  }
}

async function pipe(argv: readonly [string, ...string[]], input: string): Promise<void> {
  const result = await exec(argv, { input, timeoutMs: 30_000 })
  if (!result.ok) throw fail('network_failed', `${argv.join(' ')} failed: ${result.stderr.trim()}`)
}

async function withMachineLock<T>(work: () => Promise<T>): Promise<T> {
  const server = await waitFor(() => tryLock(), { timeoutMs: 20_000, everyMs: 20 })
  if (server === undefined)
    throw fail('network_failed', 'Another Friday on this machine has been choosing its addresses for 20 s', {
      advice: 'Try again; if it stays so, end the other Friday.',
    })
  try {
    return await work()
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}

async function tryLock(): Promise<Server | undefined> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE'
        ? resolve(undefined)
        : reject(fail('network_failed', `The lock for addresses failed: ${messageOf(error)}`)),
    )
    server.listen(LOCK, () => resolve(server))
  })
}
