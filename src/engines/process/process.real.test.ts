// The process engine keeps the contract of engines, as far as it promises to.
import { execOk } from '#lib/exec.ts'
import { silentLog } from '#lib/log.ts'
import { engineConformance } from '#engines/conformance.suite.ts'
import { createProcessEngine } from './engine.ts'

engineConformance({
  name: 'process',
  isolated: false,
  create: (folder) => createProcessEngine({ folder, log: silentLog }),
  traces: async (folder, mark) => async () => {
    const processes = (await execOk(['ps', '-e', '-o', 'pid=,args='])).split('\n')
    return processes.filter((line) => line.includes(folder) || line.includes(mark))
  },
})
