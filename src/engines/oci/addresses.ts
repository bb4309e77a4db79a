// Which address, interface name and user belongs to which network: arithmetic on two private ranges.

interface Range {
  readonly first: number
  readonly blocks: number
}

/** Carrier-grade NAT, 100.64.0.0/10: nobody's own network, so seldom in the way. */
const SHARED: Range = { first: 0x64400000, blocks: 256 }
/** 10.128.0.0/9: where the other is taken, as by Tailscale or a cloud's name servers. */
const PRIVATE: Range = { first: 0x0a800000, blocks: 512 }
/** A Friday takes one /18 of a range for itself: 512 networks of 32 addresses. */
const BLOCK_SIZE = 1 << 14
const BLOCKS = SHARED.blocks + PRIVATE.blocks
export const NETWORKS_PER_BLOCK = 512
const NETWORK_SIZE = 32
/** Listeners with a standard port of their own get .8 to .30 of their network. */
const FIRST_NAMED = 8
const LAST_NAMED = 30
const MAIN = 2
const FIRST_PORT = 20_000
/** Below the kernel's range for outgoing connections, which starts at 32768. */
const LAST_PORT = 32_767
/** Above every range that subordinate ids (/etc/subuid) and systemd hand out, below the sign bit of 32. */
const FIRST_UID = 1_900_000_000

export interface Subnet {
  readonly gateway: string
  readonly main: string
  readonly prefix: 27
  /** Address ranges inside that every listener with an address of its own may bind to. */
  readonly named: readonly string[]
  /** Operating-system user and group of the network. */
  readonly uid: number
}

export interface Listener {
  /** Last part of the address, counted from the network's first. */
  readonly offset: number
  readonly port: number
}

export function subnetOf(block: number, index: number): Subnet {
  const base = startOf(block) + index * NETWORK_SIZE
  return {
    gateway: dotted(base + 1),
    main: dotted(base + MAIN),
    prefix: 27,
    named: [`${dotted(base + 8)}/29`, `${dotted(base + 16)}/28`],
    uid: FIRST_UID + block * NETWORKS_PER_BLOCK + index,
  }
}

export function blockCidr(block: number): string {
  return `${dotted(startOf(block))}/18`
}

/** The blocks that an address range `address/prefix` of the host touches; none for a default route. */
export function blocksTouched(address: string, prefix: number): readonly number[] {
  if (prefix === 0) return []
  const size = 2 ** (32 - prefix)
  const first = Math.floor(numberOf(address) / size) * size
  const touched: number[] = []
  for (let block = 0; block < BLOCKS; block++) {
    const start = startOf(block)
    if (start < first + size && first < start + BLOCK_SIZE) touched.push(block)
  }
  return touched
}

export function addressOf(block: number, index: number, listener: Listener): string {
  return dotted(startOf(block) + index * NETWORK_SIZE + listener.offset)
}

/** A standard port: an unused address, or else one where this port is still free. Undefined when there is none. */
export function pickNamed(taken: readonly Listener[], port: number): Listener | undefined {
  const offsets = Array.from({ length: LAST_NAMED - FIRST_NAMED + 1 }, (_, n) => FIRST_NAMED + n)
  const offset =
    offsets.find((candidate) => !taken.some((listener) => listener.offset === candidate)) ??
    offsets.find((candidate) => !taken.some((listener) => listener.offset === candidate && listener.port === port))
  return offset === undefined ? undefined : { offset, port }
}

/** A port on the main address, going round so that a released one is not handed out again at once. */
export function pickPort(taken: readonly Listener[], from: number): Listener | undefined {
  const used = new Set(taken.filter((listener) => listener.offset === MAIN).map((listener) => listener.port))
  const span = LAST_PORT - FIRST_PORT + 1
  for (let n = 0; n < span; n++) {
    const port = FIRST_PORT + ((Math.max(from, FIRST_PORT) - FIRST_PORT + n) % span)
    if (!used.has(port)) return { offset: MAIN, port }
  }
  return undefined
}

/** Whether somebody else's address lies in the range of carrier-grade NAT, so that it is better left alone. */
export function isShared(address: string): boolean {
  const number = numberOf(address)
  return number >= SHARED.first && number < SHARED.first + SHARED.blocks * BLOCK_SIZE
}

/** The blocks to choose from, in turn from a starting point that depends on `seed`. */
export function candidates(seed: string, avoidShared: boolean): readonly number[] {
  const [first, count] = avoidShared ? [SHARED.blocks, PRIVATE.blocks] : [0, SHARED.blocks]
  const offset = [...seed].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % count, 0)
  return Array.from({ length: count }, (_, n) => first + ((offset + n) % count))
}

function startOf(block: number): number {
  return block < SHARED.blocks ? SHARED.first + block * BLOCK_SIZE : PRIVATE.first + (block - SHARED.blocks) * BLOCK_SIZE
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
}

function numberOf(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}
