// A machine next door, as a network namespace of the test's own with one listener: to try what gets out and what gets in.
import { exec, execOk, spawnProgram } from '#lib/exec.ts'
import { randomId } from '#lib/ids.ts'

export interface AnotherMachine extends AsyncDisposable {
  readonly address: string
  readonly port: number
  /** From there: `yes` or `no`. */
  reaches(host: string, port: number): Promise<string>
}

/** A Node.js program that says whether a connection can be made. */
export function dial(host: string, port: number): string {
  return `const s=require('node:net').connect({host:'${host}',port:${port},timeout:2000});s.on('connect',()=>{console.log('yes');process.exit()});for(const e of ['error','timeout'])s.on(e,()=>{console.log('no');process.exit()})`
}

export async function anotherMachine(): Promise<AnotherMachine> {
  const name = `test-${randomId(6)}`
  const [here, address, port] = ['198.18.77.1', '198.18.77.2', 7777]
  const stop = new AbortController()
  const dispose = async () => {
    stop.abort()
    await exec(['ip', 'link', 'del', name])
    await exec(['ip', 'netns', 'del', name])
  }
  try {
    await execOk(['ip', 'netns', 'add', name])
    await execOk(['ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name])
    await execOk(['ip', 'addr', 'add', `${here}/30`, 'dev', name])
    await execOk(['ip', 'link', 'set', name, 'up'])
    await execOk(['ip', '-n', name, 'addr', 'add', `${address}/30`, 'dev', 'eth0'])
    await execOk(['ip', '-n', name, 'link', 'set', 'eth0', 'up'])
    await execOk(['ip', '-n', name, 'route', 'add', 'default', 'via', here])
    const script = `require('node:net').createServer((s) => s.end()).listen(${port}, '${address}', () => console.log('up'))`
    const child = spawnProgram(['ip', 'netns', 'exec', name, process.execPath, '-e', script], { signal: stop.signal })
    await new Promise<void>((resolve, reject) => {
      child.stdout?.once('data', () => resolve())
      child.then(({ stderr }) => reject(new Error(`the listener next door ended: ${String(stderr)}`)), reject)
    })
  } catch (error) {
    await dispose()
    throw error
  }
  return {
    address,
    port,
    reaches: async (host, toPort) => (await execOk(['ip', 'netns', 'exec', name, process.execPath, '-e', dial(host, toPort)])).trim(),
    [Symbol.asyncDispose]: dispose,
  }
}
