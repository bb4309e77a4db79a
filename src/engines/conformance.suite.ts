// The contract of every engine, as tests on real processes. A new engine passes by a file of fifteen lines that calls this.
import { afterAll, beforeAll, describe } from 'vitest'
import { Bench, type Subject } from './conformance/bench.ts'
import { isolation } from './conformance/isolation.ts'
import { lifecycle } from './conformance/lifecycle.ts'
import { networks } from './conformance/networks.ts'
import { runs } from './conformance/runs.ts'
import { sessions } from './conformance/sessions.ts'
import { traces } from './conformance/traces.ts'

export type { Subject } from './conformance/bench.ts'

export function engineConformance(subject: Subject): void {
  describe(`engine ${subject.name}`, () => {
    let bench: Bench | undefined
    beforeAll(async () => {
      bench = await Bench.open(subject)
    })
    afterAll(() => bench?.close())
    const open = () => {
      if (bench === undefined) throw new Error('the engine under test could not be opened')
      return bench
    }

    describe('lifecycle', () => lifecycle(open))
    describe('runs', () => runs(open))
    describe('sessions and logs', () => sessions(open))
    describe('networks', () => networks(open))
    if (subject.isolated) describe('isolation', () => isolation(open))
    describe('traces', () => traces(subject))
  })
}
