// The oci engine keeps the contract of engines. Needs root.
import { readFile } from 'node:fs/promises'
import { execOk } from '#lib/exec.ts'
import { silentLog } from '#lib/log.ts'
import { engineConformance } from '#engines/conformance.suite.ts'
import { blockCidr } from './addresses.ts'
import { createOciEngine } from './engine.ts'
import { openRegistry } from './registry.ts'

engineConformance({
  name: 'oci',
  isolated: true,
  create: (folder) => createOciEngine({ folder, log: silentLog }),
  traces: async (folder, mark) => {
    const { instance, block = -1 } = (await openRegistry(folder)).records
    const ours = [instance, folder, mark, blockCidr(block)]
    const commands: [string, ...string[]][] = [
      ['ip', 'netns', 'list'],
      ['ip', '-o', 'link', 'show', 'type', 'veth'],
      ['ip', 'route', 'show'],
      ['nft', 'list', 'tables'],
      ['find', '/sys/fs/cgroup', '-maxdepth', '3', '-path', '*/friday-*'],
      ['find', '/run', '-maxdepth', '1', '-name', 'friday-*'],
      ['ps', '-e', '-o', 'pid=,args='],
    ]
    return async () => {
      const said = await Promise.all([...commands.map((argv) => execOk(argv)), readFile('/proc/self/mounts', 'utf8')])
      return said.flatMap((text) => text.split('\n')).filter((line) => ours.some((part) => line.includes(part)))
    }
  },
})
