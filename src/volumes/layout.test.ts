// No id but a plain one ever becomes a path.
import { expect, test } from 'vitest'
import { Layout } from './layout.ts'
import { hostileIds } from './hostile.suite.ts'

const layout = new Layout('/pool')

test('plain ids are paths under their folder', () => {
  expect(layout.path('volumes', 'env-1')).toBe('/pool/volumes/env-1')
  expect(layout.path('snapshots', 'a'.repeat(60))).toBe(`/pool/snapshots/${'a'.repeat(60)}`)
})

test.each(hostileIds)('%j is refused', (id) => {
  expect(() => layout.path('volumes', id)).toThrow(expect.objectContaining({ code: 'volumes.bad_id', status: 400 }))
})
