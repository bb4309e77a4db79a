// The firewall of one Friday as text for `nft -f -`, and the link setup of one network as text for `ip -batch -`.
import type { Subnet } from './addresses.ts'

/** Host side links of every Friday on a machine start with this. */
export const ANY_FRIDAY = 'fri-'
/** Where clouds tell machines their secrets. */
const METADATA = ['169.254.0.0/16', '100.100.100.200']

export interface RuleSet {
  readonly table: string
  /** Every host side link of this Friday starts with this. */
  readonly linkPrefix: string
  readonly block: string
  /** Host side links of the sealed networks. */
  readonly sealed: readonly string[]
}

/** Replaces the whole table in one transaction, so that it is right whatever was there before. */
export function firewall({ table, linkPrefix, block, sealed }: RuleSet): string {
  const ours = `"${linkPrefix}*"`
  return `${withoutFirewall(table)}table inet ${table} {
  set sealed {
    type ifname
    ${sealed.length === 0 ? '' : `elements = { ${sealed.map((link) => `"${link}"`).join(', ')} }`}
  }
  chain input {
    type filter hook input priority -10; policy accept;
    iifname ${ours} ct state established,related accept
    iifname ${ours} reject
  }
  chain forward {
    type filter hook forward priority -10; policy accept;
    iifname ${ours} ip saddr != ${block} drop
    iifname @sealed reject
    iifname ${ours} ct state established,related accept
    oifname ${ours} ct state established,related accept
    oifname ${ours} reject
    iifname ${ours} meta nfproto ipv6 reject
    iifname ${ours} oifname "${ANY_FRIDAY}*" reject
    iifname ${ours} ip daddr { ${METADATA.join(', ')} } reject
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${block} oifname != ${ours} masquerade
  }
}
`
}

export function withoutFirewall(table: string): string {
  return `add table inet ${table}\ndelete table inet ${table}\n`
}

/** On the host: the namespace and the pair of links. No IPv6 address on them, not even a link-local one: the rules are about IPv4. */
export function hostLinks(namespace: string, link: string, subnet: Subnet, mtu: number): string {
  return `netns add ${namespace}
link add ${link} mtu ${mtu} type veth peer name eth0 mtu ${mtu} netns ${namespace}
addr add ${subnet.gateway}/${subnet.prefix} dev ${link}
link set ${link} addrgenmode none
link set ${link} up
`
}

/** Inside the namespace. `local` routes make a whole range of addresses bindable with one line each. */
export function innerLinks(subnet: Subnet): string {
  return `link set lo up
link set eth0 addrgenmode none
addr add ${subnet.main}/${subnet.prefix} dev eth0
link set eth0 up
${subnet.named.map((range) => `route add local ${range} dev lo`).join('\n')}
route add default via ${subnet.gateway}
`
}
