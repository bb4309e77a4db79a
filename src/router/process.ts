// The router's own process: listens, gives up root, serves, and outlives the control plane. Started with its folder as only argument.
import { chmod, chown, rm } from 'node:fs/promises'
import { closeSync, writeSync } from 'node:fs'
import type { Server } from 'node:http'
import { connect, type AddressInfo, type ListenOptions } from 'node:net'
import { Client } from 'undici'
import { messageOf } from '#lib/errors.ts'
import { createLog } from '#lib/log.ts'
import { trustList } from './core/client-identity.ts'
import { createControl } from './control.ts'
import { createFront } from './front.ts'
import { Gate } from './gate.ts'
import { FILES, readSettings, type RouterSettings } from './settings.ts'
import { State } from './state.ts'
import { cutTunnels } from './tunnel.ts'
import { Upstreams } from './upstreams.ts'

/** The starter waits on this descriptor for `ready` or for what went wrong. */
const STARTER = 3

const log = createLog('info')
// What goes wrong in one request must not take the others with it.
process.on('uncaughtException', (error) => log.error({ err: error }, 'uncaught in the router'))
process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled in the router'))

try {
  await run(process.argv[2] ?? '.')
  tellStarter('ready')
} catch (error) {
  log.error({ err: error }, 'the router did not start')
  tellStarter(messageOf(error))
  // Nothing handles it yet: this ends the process, listeners and all.
  process.kill(process.pid, 'SIGTERM')
}

async function run(folder: string): Promise<void> {
  // Everything of the router's own is reached from here on without the folders above, which may be closed to its later user.
  process.chdir(folder)
  process.umask(0o077)
  const settings = await readSettings('.')
  if (settings === undefined) throw new Error(`there is no ${FILES.settings} in ${folder}`)
  if (await answers()) throw new Error(`a router already serves from ${folder}`)
  await rm(FILES.socket, { force: true })

  const upstreams = new Upstreams({ anyAddress: settings.privateProxies })
  const gate = new Gate({ upstreams, trusted: trustList(settings.trustedProxies), log })
  const state = new State(gate, FILES.sites)
  await state.load()
  const front = createFront(gate)
  const end = once(() => void stop(front, control, upstreams))
  const drain = async (): Promise<void> => closeFront(front, gate, settings.drainMs)
  const control = createControl({ state, upstreams, settings, log, address: () => addressOf(front), drain, end })

  await listen(front, { ...settings.listen })
  await listen(control, { path: FILES.socket })
  await chmod(FILES.socket, 0o600)
  await warmUp(addressOf(front))
  await giveUpRoot(settings)
  process.on('SIGTERM', () => void drain().finally(end))
  for (const server of [front, control]) server.on('error', (error) => log.error({ err: error }, 'a listener failed'))
  log.info({ ...addressOf(front), pid: process.pid, uid: process.getuid?.() }, 'the router serves')
}

async function answers(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(FILES.socket)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

async function listen(server: Server, at: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(at, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

// One request through the whole way in, and undici's way out: what is loaded late must be loaded before root and its view of the disk are gone.
async function warmUp({ host, port }: { host: string; port: number }): Promise<void> {
  const at = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  const client = new Client(`http://${at}:${port}`)
  const { body } = await client.request({ path: '/', method: 'GET', headers: { host: 'router.invalid' } })
  await body.dump()
  await client.close()
}

async function giveUpRoot({ uid, gid }: RouterSettings): Promise<void> {
  if (uid === undefined || process.getuid?.() !== 0) return
  const group = gid ?? uid
  for (const file of ['.', FILES.settings, FILES.sites, FILES.socket]) {
    await chown(file, uid, group).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
  }
  process.setgroups?.([group])
  process.setgid?.(group)
  process.setuid?.(uid)
}

async function closeFront(front: Server, gate: Gate, drainMs: number): Promise<void> {
  if (!front.listening) return
  gate.releaseAll()
  const closed = new Promise<void>((resolve) => front.close(() => resolve()))
  const timer = setTimeout(() => front.closeAllConnections(), drainMs)
  await closed
  clearTimeout(timer)
}

async function stop(front: Server, control: Server, upstreams: Upstreams): Promise<void> {
  cutTunnels()
  front.closeAllConnections()
  await upstreams.destroy()
  control.close()
  log.info({}, 'the router ends')
}

function addressOf(front: Server): { host: string; port: number } {
  // Asked for only while it listens on TCP.
  const { address, port } = front.address() as AddressInfo
  return { host: address, port }
}

function tellStarter(text: string): void {
  try {
    writeSync(STARTER, text)
    closeSync(STARTER)
  } catch {
    // Started by hand: nobody waits.
  }
}

function once(work: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    work()
  }
}
