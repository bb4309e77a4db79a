// Is it still that process? Ids of processes are used again.
import { readFile } from 'node:fs/promises'
import { exec, execOk } from '#lib/exec.ts'

/** Something that differs for every process that ever had this id; undefined when it is gone or only waits to be reaped. */
export async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
    // The name in parentheses may hold anything; after it come the state and, 19 fields on, the start in clock ticks after boot.
    const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
    return fields === undefined || fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  }
  const result = await exec(['ps', '-o', 'stat=,lstart=', '-p', String(pid)])
  const line = result.stdout.trim()
  return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '')
}

/** Whether any process was started with this text among its arguments. */
export async function isMentioned(text: string): Promise<boolean> {
  return (await execOk(['ps', '-e', '-ww', '-o', 'args='])).includes(text)
}

/** Sends a signal to a process, or with a negative id to a group; one that is gone is fine. */
export function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
