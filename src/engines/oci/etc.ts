// The few files of /etc that a process gets of its own.

/** File name to content. `app` is the network's user; resolvers are IP addresses. */
export function etcFiles(
  id: string,
  uid: number,
  home: string,
  hosts: Readonly<Record<string, string>>,
  resolvers: readonly string[],
): Record<string, string> {
  const names = Object.entries(hosts).map(([name, address]) => `${address}\t${name}`)
  return {
    passwd: lines([
      'root:x:0:0:root:/root:/usr/sbin/nologin',
      `app:x:${uid}:${uid}:app:${home.replace(/[:\n]/g, '')}:/bin/sh`,
      'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
    ]),
    group: lines(['root:x:0:', 'tty:x:5:', `app:x:${uid}:`, 'nogroup:x:65534:']),
    'nsswitch.conf': lines(['passwd: files', 'group: files', 'hosts: files dns', 'services: files', 'protocols: files']),
    hosts: lines(['127.0.0.1\tlocalhost', '::1\tlocalhost ip6-localhost ip6-loopback', `127.0.1.1\t${id}`, ...names]),
    hostname: lines([id]),
    'resolv.conf': lines(resolvers.map((address) => `nameserver ${address}`)),
  }
}

/** The addresses of `nameserver` lines that are reachable from another network namespace. */
export function usableResolvers(resolvConf: string): readonly string[] {
  return [...resolvConf.matchAll(/^\s*nameserver\s+(\S+)/gm)]
    .map((match) => match[1] ?? '')
    .filter((address) => !/^127\.|^::1$/.test(address) && !address.includes('%'))
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('')
}
