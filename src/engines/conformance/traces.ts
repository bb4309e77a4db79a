// After a shutdown the machine is as it was before.
import { randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { Bench, stateOf, type Subject } from './bench.ts'

export function traces(subject: Subject): void {
  test('a shutdown leaves nothing behind', async () => {
    const bench = await Bench.open(subject)
    const mark = `sleep ${randomInt(1_000_000, 9_000_000)}`
    const look = await subject.traces(stateOf(bench.folder), mark)
    let during: readonly string[] = []
    try {
      await bench.engine.ensureNetwork({ id: 'two', outbound: 'sealed' })
      await bench.engine.start(bench.shell(`exec ${mark}`, { restart: 'always' }))
      await bench.engine.start(bench.shell(`${mark} & exec ${mark}`, { network: 'two' }))
      await bench.run(bench.shell('true'))
      during = await look()
    } finally {
      await bench.close()
    }
    expect(during.length).toBeGreaterThan(2)
    expect(await look()).toEqual([])
  })
}
