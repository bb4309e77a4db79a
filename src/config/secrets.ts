// The master key of this Friday, and sealing of secrets with it (AES-256-GCM) before they reach the database.
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { errorTable } from '#lib/errors.ts'
import { readIfThere, writeFileAtomic } from '#lib/files.ts'
import { Secret } from '#lib/secret.ts'

const fail = errorTable('secrets', {
  unreadable: {
    status: 500,
    advice: 'The key file in the data folder does not belong to this database; restore both from the same backup.',
  },
})

export interface Vault {
  seal(secret: Secret): string
  open(sealed: string): Secret
  /** Keyed hash that stands for a secret in a system tree: equal secrets, equal hash; nothing can be read from it. */
  fingerprint(value: string): string
}

/** Opens the vault of a data folder, making its key (32 random bytes, mode 0600) at the first start. */
export async function openVault(folder: string): Promise<Vault> {
  const path = join(folder, 'master.key')
  const present = await readIfThere(path)
  const key = present === undefined ? randomBytes(32) : Buffer.from(present.trim(), 'base64')
  if (present === undefined) await writeFileAtomic(path, `${key.toString('base64')}\n`)
  return createVault(key)
}

export function createVault(key: Buffer): Vault {
  return {
    seal(secret) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      const body = Buffer.concat([cipher.update(secret.reveal(), 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')
    },
    open(sealed) {
      const bytes = Buffer.from(sealed, 'base64')
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
        decipher.setAuthTag(bytes.subarray(12, 28))
        return new Secret(Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8'))
      } catch (cause) {
        throw fail('unreadable', 'A stored secret cannot be opened with the key of this data folder', { cause })
      }
    },
    fingerprint: (value) => `keyed:${createHmac('sha256', key).update(value).digest('hex').slice(0, 32)}`,
  }
}
