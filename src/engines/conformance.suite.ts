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
    let bench: Bench
    beforeAll(async () => {
      bench = await Bench.open(subject)
    })
    afterAll(() => bench.close())

    describe('lifecycle', () => lifecycle(() => bench))
    describe('runs', () => runs(() => bench))
    describe('sessions and logs', () => sessions(() => bench))
    describe('networks', () => networks(() => bench))
    if (subject.isolated) describe('isolation', () => isolation(() => bench))
    describe('traces', () => traces(subject))
  })
}
