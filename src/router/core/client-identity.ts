// Who the client is, said to applications in headers that only the router writes.
import { BlockList, isIP } from 'node:net'

/** What the connection itself tells. */
export interface Peer {
  /** Remote address, IPv4-mapped ones shortened. */
  readonly address: string
  readonly tls: boolean
  /** True when the peer is a proxy the settings trust: its forwarded headers count. */
  readonly trusted: boolean
}

/** Addresses and CIDR ranges; an entry that is neither is an error. */
export function trustList(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/')
    const family = isIP(address)
    if (family === 0) throw new TypeError(`trusted proxy ${JSON.stringify(entry)} is not an address or CIDR range`)
    list.addSubnet(address, bits === undefined ? (family === 4 ? 32 : 128) : Number(bits), family === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}

export function isListed(list: BlockList, address: string): boolean {
  const family = isIP(address)
  return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

export function plainAddress(address: string | undefined): string {
  if (address === undefined) return 'unknown'
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
}

/** Flat header list for a client that speaks to us directly. `host` is the Host header as it came. */
export function directIdentity(peer: Peer, host: string): string[] {
  return identity(peer.address, peer.address, peer.tls ? 'https' : 'http', host)
}

/** The same for a client behind a trusted proxy, whose forwarded headers are believed. */
export function proxiedIdentity(peer: Peer, host: string, raw: readonly string[], trusted: BlockList): string[] {
  const chain = [...valuesOf(raw, 'x-forwarded-for').flatMap((value) => value.split(',')), peer.address]
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '')
  const client = chain.findLast((hop) => isIP(hop) !== 0 && !isListed(trusted, hop)) ?? peer.address
  const said = valuesOf(raw, 'x-forwarded-proto').at(-1)?.trim().toLowerCase()
  const proto = said === 'https' || said === 'http' ? said : peer.tls ? 'https' : 'http'
  const forwardedHost = valuesOf(raw, 'x-forwarded-host').at(-1)?.trim()
  return identity(chain.join(', '), client, proto, forwardedHost !== undefined && HOST.test(forwardedHost) ? forwardedHost : host)
}

const HOST = /^[A-Za-z0-9._:[\]-]{1,255}$/

function identity(chain: string, client: string, proto: 'http' | 'https', host: string): string[] {
  const port = /:(\d+)$/.exec(host)?.[1] ?? (proto === 'https' ? '443' : '80')
  return [
    'x-forwarded-for',
    chain,
    'x-forwarded-proto',
    proto,
    'x-forwarded-host',
    host,
    'x-forwarded-port',
    port,
    'x-client-ip',
    client,
    'x-client-ssl',
    proto === 'https' ? 'on' : 'off',
  ]
}

function valuesOf(raw: readonly string[], name: string): string[] {
  const values: string[] = []
  for (let index = 0; index < raw.length; index += 2) if (raw[index]?.toLowerCase() === name) values.push(raw[index + 1] ?? '')
  return values
}
