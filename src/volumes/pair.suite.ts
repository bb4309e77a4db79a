// A program that writes two files in order, each fsynced: a point in time never shows the second ahead of the first.
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { spawnProgram } from '#lib/exec.ts'

const WRITER = `
const { openSync, writeSync, fsyncSync } = require('node:fs')
const [a, b] = ['a', 'b'].map((name) => openSync(process.argv[1] + '/' + name, 'w'))
for (let count = 1; ; count++) {
  const text = String(count).padStart(12, '0')
  for (const file of [a, b]) { writeSync(file, text, 0); fsyncSync(file) }
}`

export function startPair(folder: string) {
  const child = spawnProgram([process.execPath, '-e', WRITER, folder])
  return {
    /** Steps written so far; 0 before the first. */
    count: async () => await read(folder, 'b'),
    read,
    pause: () => void child.kill('SIGSTOP'),
    goOn: () => void child.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}

async function read(folder: string, name: 'a' | 'b'): Promise<number> {
  return Number((await readFile(join(folder, name), 'utf8').catch(() => '0')) || '0')
}
