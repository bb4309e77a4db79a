import { expect, test } from 'vitest'
import { buildIdOf } from '#builds/build-id.ts'

const inputs = {
  projectId: 'p',
  app: 'web',
  tree: 'abc',
  runtime: { name: 'nodejs', version: '22.1.0', integrity: 'sha512-x' },
  config: { a: 1, b: [1, 2] },
}

test('the id follows every input and no key order', () => {
  const id = buildIdOf(inputs)
  expect(id).toMatch(/^b[0-9a-f]{39}$/)
  expect(buildIdOf({ config: { b: [1, 2], a: 1 }, runtime: inputs.runtime, tree: 'abc', app: 'web', projectId: 'p' })).toBe(id)
  const others = [
    { ...inputs, projectId: 'q' },
    { ...inputs, app: 'api' },
    { ...inputs, tree: 'abd' },
    { ...inputs, runtime: { ...inputs.runtime, version: '22.1.1' } },
    { ...inputs, config: { a: 1, b: [2, 1] } },
  ]
  expect(new Set([id, ...others.map(buildIdOf)]).size).toBe(6)
})
