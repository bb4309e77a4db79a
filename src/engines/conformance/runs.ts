// Processes run to their end: result, output, limits of time, and coming back to one that somebody else began.
import { expect, test } from 'vitest'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hostPath } from '#lib/location.ts'
import { waitFor } from '#lib/wait.ts'
import { PATIENCE_MS, type Bench } from './bench.ts'

export function runs(bench: () => Bench): void {
  test('exit code, and the output of both streams in order, down to a partial last line', async () => {
    const result = await bench().run(bench().shell('echo out; echo err >&2; echo out; echo err >&2; printf end; exit 5'))
    expect(result).toMatchObject({ exitCode: 5, outOfMemory: false, timedOut: false, output: 'out\nerr\nout\nerr\nend' })
  })

  test('bytes are kept as they are', async () => {
    const spec = bench().spec({ argv: ['/usr/bin/perl', '-e', 'binmode STDOUT; print pack("C*", 0..255) x 400, "\\n" x 5, "x" x 100000'] })
    const chunks: Buffer[] = []
    await bench().engine.run(spec, { timeoutMs: PATIENCE_MS, onOutput: (chunk) => chunks.push(chunk) })
    const expected = Buffer.concat([
      ...Array.from({ length: 400 }, () => Buffer.from(Array.from({ length: 256 }, (_, n) => n))),
      Buffer.from('\n'.repeat(5)),
      Buffer.alloc(100_000, 'x'),
    ])
    expect(Buffer.concat(chunks).equals(expected)).toBe(true)
  })

  test('a run that takes too long is ended and says so, also when asked again', async () => {
    const spec = bench().shell('echo begun; trap "" TERM; while :; do sleep 0.05; done')
    const result = await bench().run(spec, { timeoutMs: 300 })
    expect(result).toMatchObject({ timedOut: true, output: 'begun\n' })
    await bench().reopen()
    expect(await bench().run(spec, { timeoutMs: 300 })).toMatchObject({ timedOut: true })
    await bench().engine.stop(spec.id)
  })

  test('an aborted run is ended and rejects with the reason', async () => {
    const spec = bench().shell('echo begun; exec sleep 1000')
    const cancel = new AbortController()
    const running = bench().engine.run(spec, {
      timeoutMs: PATIENCE_MS,
      onOutput: () => cancel.abort(new Error('not any more')),
      signal: cancel.signal,
    })
    await expect(running).rejects.toThrow('not any more')
    expect(await bench().engine.status(spec.id)).toMatchObject({ state: 'exited' })
    await bench().engine.stop(spec.id)
  })

  test('a new control plane waits for the very process that a former one began', async () => {
    const { spec, end } = await endable()
    const first = bench().engine.run(spec, { timeoutMs: PATIENCE_MS, onOutput: () => undefined })
    const lost = expect(first).rejects.toMatchObject({ code: 'engine.disposed' })
    await waitFor(async () => (await bench().engine.status(spec.id)) !== undefined, { timeoutMs: PATIENCE_MS })
    await bench().says(spec.id, 'begun')
    await bench().reopen()
    await lost
    const second = bench().run(spec)
    await end()
    expect(await second).toMatchObject({ exitCode: 9, timedOut: false, output: 'begun\nended\n' })
    await bench().engine.stop(spec.id)
  })

  test('a run that ended while nobody was there still has its result and output', async () => {
    const { spec, end, ended } = await endable()
    const first = bench().engine.run(spec, { timeoutMs: PATIENCE_MS, onOutput: () => undefined })
    first.catch(() => undefined)
    await waitFor(async () => (await bench().engine.status(spec.id)) !== undefined, { timeoutMs: PATIENCE_MS })
    await bench().reopen(async () => {
      await end()
      expect(await ended()).toBe(true)
    })
    expect(await bench().run(spec)).toMatchObject({ exitCode: 9, output: 'begun\nended\n' })
    expect(await bench().run(spec)).toMatchObject({ exitCode: 9, output: 'begun\nended\n' })
    await bench().engine.stop(spec.id)
    await end()
    expect(await bench().run(spec)).toMatchObject({ exitCode: 9 })
    await bench().engine.stop(spec.id)
  })

  /** A process that ends when told to through a file. */
  async function endable() {
    const volume = await bench().owned()
    const mounts = [{ source: hostPath(volume), target: '/data', readonly: false }]
    const id = bench().id()
    const data = bench().engine.paths(id, mounts)('/data')
    const script = `echo begun; while [ ! -e ${data}/end ]; do sleep 0.02; done; echo ended; touch ${data}/ended; exit 9`
    return {
      spec: bench().shell(script, { id, mounts }),
      end: () => writeFile(join(volume, 'end'), ''),
      ended: () =>
        waitFor(
          () =>
            readFile(join(volume, 'ended')).then(
              () => true,
              () => false,
            ),
          { timeoutMs: PATIENCE_MS },
        ),
    }
  }
}
