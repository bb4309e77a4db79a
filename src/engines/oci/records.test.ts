// The monitor's log format, undone byte by byte.
import { expect, test } from 'vitest'
import { array, assert, nat, property } from 'fast-check'
import { monitorLogs } from './records.ts'

const HEAD = '2026-01-31T13:20:42.123456789+01:00 '

test('whole and partial lines, cut anywhere', () => {
  const file = Buffer.from(`${HEAD}stdout F one\n${HEAD}stderr P par\n${HEAD}stdout F \n${HEAD}stdout P last\n`)
  assert(
    property(array(nat(file.length)), (cuts) => {
      const edges = [0, ...cuts.toSorted((a, b) => a - b), file.length]
      const decoder = monitorLogs.decoder()
      const said = edges.slice(1).map((edge, n) => decoder.push(file.subarray(edges[n], edge)).toString())
      expect(said.join('')).toBe('one\npar\nlast')
    }),
  )
})
