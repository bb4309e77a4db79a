// Being told of changes in a folder, where the system can: callers look now and then as well.
import { watch, type FSWatcher } from 'node:fs'

/** `undefined` when the system has no watch left to give. Does not keep the process alive. */
export function watchFolder(folder: string, notice: (name: string | null, event: 'rename' | 'change') => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, (event, name) => notice(name, event))
    watcher.on('error', () => undefined)
    return watcher
  } catch {
    return undefined
  }
}
