// Sockets that killed control planes left behind.
import { readdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'

/** Removes the `git-*.sock` in the folder that nobody listens on. */
export async function removeDeadSockets(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!/^git-[a-z0-9]+\.sock$/.test(name)) continue
    const path = join(folder, name)
    if (await isRefused(path)) await rm(path, { force: true })
  }
}

function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  })
}
