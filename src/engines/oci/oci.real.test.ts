// The oci engine keeps the contract of engines. Needs root.
import { readFile } from 'node:fs/promises'
import { execOk } from '#lib/exec.ts'
import { silentLog } from '#lib/log.ts'
import { engineConformance } from '#engines/conformance.suite.ts'
import { createOciEngine } from './engine.ts'

engineConformance({
  name: 'oci',
  isolated: true,
  create: (folder) => createOciEngine({ folder, log: silentLog }),
  traces: async () => {
    const commands: [string, ...string[]][] = [
      ['ip', 'netns', 'list'],
      ['ip', '-o', 'link', 'show', 'type', 'veth'],
      ['ip', 'route', 'show', 'type', 'unreachable'],
      ['nft', 'list', 'tables'],
      ['find', '/sys/fs/cgroup', '-maxdepth', '3', '-path', '*/friday-*'],
      ['find', '/run', '-maxdepth', '1', '-name', 'friday-*'],
      ['ps', '-e', '-o', 'pid=,args='],
    ]
    const said = await Promise.all([
      ...commands.map((argv) => execOk(argv)),
      readFile('/proc/self/mounts', 'utf8'),
      readFile('/proc/sys/net/ipv4/ip_forward', 'utf8'),
    ])
    return said
      .flatMap((text) => text.split('\n'))
      .filter((line) => /friday|100\.\d+\.\d+\.0|unreachable|conmon|runc|sleep 1000|^[01]$/.test(line))
  },
})
