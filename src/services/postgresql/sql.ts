// Names and passwords as SQL text: quoting, and SCRAM verifiers made here so that no password is ever in a statement.
import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import type { Secret } from '#lib/secret.ts'

/** An identifier, whatever characters a user chose. */
export function name(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}

/** A string constant that means the same whatever `standard_conforming_strings` says. */
export function text(value: string): string {
  const quoted = `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
  return value.includes('\\') ? ` E${quoted}` : quoted
}

const ITERATIONS = 4096

/** RFC 5803, what `alter role … password` stores as it is. Passwords are ours: ASCII, so SASLprep leaves them alone. */
export async function scramVerifier(password: Secret, salt: Buffer = randomBytes(16)): Promise<string> {
  const salted = await promisify(pbkdf2)(password.reveal(), salt, ITERATIONS, 32, 'sha256')
  const key = (label: string) => createHmac('sha256', salted).update(label).digest()
  const stored = createHash('sha256').update(key('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${stored}:${key('Server Key').toString('base64')}`
}
