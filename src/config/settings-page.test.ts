import { expect, test } from 'vitest'
import { readSettings } from '#config/env.ts'
import { renderSettings } from '#config/settings-page.ts'

test('the committed page of settings is what the schema says (vitest -u rewrites it)', async () => {
  await expect(renderSettings()).toMatchFileSnapshot('../../docs/guide/settings.md')
})

test('a typing slip in a name and a wrong value are errors that name them', () => {
  expect(() => readSettings({ FRIDAY_PROT: '1' })).toThrow('FRIDAY_PROT')
  expect(() => readSettings({ FRIDAY_PORT: 'many' })).toThrow('FRIDAY_PORT')
  expect(readSettings({ FRIDAY_PORT: '80', OTHER: 'x' })).toMatchObject({ FRIDAY_PORT: 80, FRIDAY_LISTEN: '127.0.0.1' })
})
