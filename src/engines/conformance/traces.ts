// After a shutdown the machine is as it was before.
import { expect, test } from 'vitest'
import { waitFor } from '#lib/wait.ts'
import { Bench, PATIENCE_MS, type Subject } from './bench.ts'

export function traces(subject: Subject): void {
  test('a shutdown leaves nothing behind', async () => {
    const before = await subject.traces()
    const bench = await Bench.open(subject)
    let during: readonly string[] = []
    try {
      await bench.engine.ensureNetwork({ id: 'two', outbound: 'sealed' })
      await bench.engine.start(bench.shell('exec sleep 1000', { restart: 'always' }))
      await bench.engine.start(bench.shell('sleep 1000 & exec sleep 1000', { network: 'two' }))
      await bench.run(bench.shell('true'))
      during = await subject.traces()
    } finally {
      await bench.close()
    }
    expect(during.length).toBeGreaterThan(before.length)
    const after = async () => (await subject.traces()).filter((line) => !before.includes(line))
    await waitFor(async () => (await after()).length === 0, { timeoutMs: PATIENCE_MS })
    expect(await after()).toEqual([])
  })
}
