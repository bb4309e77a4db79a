import { expect, test } from 'vitest'
import { slugOf } from '#lib/ids.ts'

test('a name that is a DNS label keeps it; any other gets a label of its own', () => {
  expect(slugOf('main')).toBe('main')
  expect(slugOf('feature/x')).toMatch(/^feature-x-[0-9a-f]{7}$/)
  const names = ['feature/x', 'feature-x', 'Feature-X', 'feature_x', 'ünï', '..', '-', 'a'.repeat(300), `${'a'.repeat(299)}b`, 'xn--a']
  const slugs = names.map((name) => slugOf(name))
  expect(new Set(slugs).size).toBe(names.length)
  for (const slug of slugs) expect(slug).toMatch(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/)
})
