// Adding up filefrag's lines, however they are cut into chunks.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ExtentSum } from './usage.ts'

const said = `Filesystem type is: 58465342
File size of m/b/f is 20971520 (20480 blocks of 1024 bytes)
 ext:     logical_offset:        physical_offset: length:   expected: flags:
   0:        0..    3071:         96..      3167:   3072:             shared
   1:     3072..    5119:     102496..    104543:   2048:       3168:
   2:     5120..   20479:       5216..     20575:  15360:     104544: last,shared,eof
m/b/f: 3 extents found
File size of m/b/empty is 0 (0 blocks of 1024 bytes)
m/b/empty: 0 extents found
`

test('own and shared extents, in whatever pieces they arrive', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(said.length)), (cuts) => {
      const sum = new ExtentSum()
      const ends = [...cuts.toSorted((a, b) => a - b), said.length]
      ends.forEach((end, index) => sum.add(said.slice(ends[index - 1] ?? 0, end)))
      expect(sum.total()).toEqual({ ownBytes: 2048 * 1024, sharedBytes: (3072 + 15_360) * 1024 })
    }),
  )
})
