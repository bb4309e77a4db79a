import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createVault } from '#config/secrets.ts'
import { Secret } from '#lib/secret.ts'

test('a sealed secret opens with its key only, and never shows its text', () => {
  const vault = createVault(randomBytes(32))
  const sealed = vault.seal(new Secret('pässword'))
  expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('ssword')
  expect(vault.open(sealed).reveal()).toBe('pässword')
  expect(() => createVault(randomBytes(32)).open(sealed)).toThrow(/cannot be opened/)
})

test('fingerprints are equal for equal values under one key only', () => {
  const [a, b] = [createVault(randomBytes(32)), createVault(randomBytes(32))]
  expect(a.fingerprint('x')).toBe(a.fingerprint('x'))
  expect(a.fingerprint('x')).not.toBe(a.fingerprint('y'))
  expect(a.fingerprint('x')).not.toBe(b.fingerprint('x'))
})

test('a secret prints as ***', () => {
  const secret = new Secret('hunter2')
  expect(`${secret} ${JSON.stringify({ secret })}`).toBe('*** {"secret":"***"}')
})
