import { expect, test } from 'vitest'
import { renderManifestReference } from './reference.ts'

test('the reference page says what the reader does (vitest -u writes it anew)', async () => {
  await expect(renderManifestReference()).toMatchFileSnapshot('../../docs/guide/manifest.md')
})
