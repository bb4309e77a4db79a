// Which network exists and which listener has which port of the loopback address, kept in one file.
import { createServer } from 'node:net'
import { join } from 'node:path'
import { readIfThere, writeFileAtomic } from '#lib/files.ts'
import type { Endpoint } from '#engines/engine.ts'
import { fail } from '#engines/errors.ts'
import { KeyedQueue } from '#engines/supervisor/serial.ts'

const HOST = '127.0.0.1'

export interface Ports {
  ensure(network: string): Promise<void>
  remove(network: string): Promise<void>
  networks(): readonly string[]
  /** Throws `engine.no_network`. */
  need(network: string): void
  allocate(network: string, name: string): Promise<Endpoint>
  release(network: string, name: string): Promise<void>
  clear(): Promise<void>
}

export async function openPorts(folder: string): Promise<Ports> {
  const path = join(folder, 'ports.json')
  const text = await readIfThere(path)
  // Written by `save` below and by nobody else: an array of [network, array of [listener, port]].
  const entries = text === undefined ? [] : (JSON.parse(text) as [string, [string, number][]][])
  const known = new Map(entries.map(([network, ports]) => [network, new Map(ports)]))
  const queue = new KeyedQueue()
  const save = () => writeFileAtomic(path, JSON.stringify([...known].map(([network, ports]) => [network, [...ports]])))
  const inTurn = <T>(work: () => Promise<T>) => queue.run('ports', work)

  function need(network: string): Map<string, number> {
    const ports = known.get(network)
    if (ports === undefined) throw fail('no_network', `There is no network ${network}`)
    return ports
  }

  return {
    networks: () => [...known.keys()],
    need,
    ensure: (network) =>
      inTurn(async () => {
        if (known.has(network)) return
        known.set(network, new Map())
        await save()
      }),
    remove: (network) => inTurn(async () => void (known.delete(network) && (await save()))),
    clear: () =>
      inTurn(async () => {
        known.clear()
        await save()
      }),
    allocate: (network, name) =>
      inTurn(async () => {
        const ports = need(network)
        const mine = ports.get(name)
        if (mine !== undefined) return { host: HOST, port: mine }
        const taken = new Set([...known.values()].flatMap((each) => [...each.values()]))
        let port = await freePort()
        while (taken.has(port)) port = await freePort()
        ports.set(name, port)
        await save()
        return { host: HOST, port }
      }),
    release: (network, name) => inTurn(async () => void (known.get(network)?.delete(name) && (await save()))),
  }
}

/** One that the operating system has to give at this moment. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, HOST, resolve)
  })
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address')
  return address.port
}
