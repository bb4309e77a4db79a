// What a router process is started with; written beside its state so that the process and its client read the same.
import { join } from 'node:path'
import { readIfThere, writeFileAtomic } from '#lib/files.ts'

export interface RouterSettings {
  readonly listen: { readonly host: string; readonly port: number }
  /** Unprivileged user and group the process becomes once it listens. Undefined: it stays who it is. */
  readonly uid: number | undefined
  readonly gid: number | undefined
  /** Addresses and CIDR ranges of proxies whose forwarded headers are believed. */
  readonly trustedProxies: readonly string[]
  /** Proxy routes may lead to private addresses. */
  readonly privateProxies: boolean
  /** Requests still in flight when the process ends get this long. */
  readonly drainMs: number
  /** A router of another version is replaced. */
  readonly version: string
}

/** All in the router's own folder. */
export const FILES = { settings: 'settings.json', sites: 'sites.json', socket: 'control.sock' } as const

export async function readSettings(folder: string): Promise<RouterSettings | undefined> {
  const text = await readIfThere(join(folder, FILES.settings))
  // Written by ourselves, in this very shape.
  return text === undefined ? undefined : (JSON.parse(text) as RouterSettings)
}

export async function writeSettings(folder: string, settings: RouterSettings): Promise<void> {
  await writeFileAtomic(join(folder, FILES.settings), settingsText(settings))
}

/** Equal text, equal settings. */
export function settingsText(settings: RouterSettings): string {
  const { listen, uid, gid, trustedProxies, privateProxies, drainMs, version } = settings
  return JSON.stringify({ listen: { host: listen.host, port: listen.port }, uid, gid, trustedProxies, privateProxies, drainMs, version })
}
