// The whole environment of a process: what its spec gives, and the three things engines add.
import { reveal } from '#lib/secret.ts'
import type { ProcessSpec } from './engine.ts'

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** Where Debian and its kin keep the certificates that the host trusts. */
export const TRUST_STORE = '/etc/ssl/certs/ca-certificates.crt'

/** PATH, HOME and the trust store where the spec is silent. Values are revealed: for a file of mode 0600 or a child, nowhere else. */
export function fullEnvironment(env: ProcessSpec['env'], trustStore: string | undefined): Record<string, string> {
  const trust: Record<string, string> = trustStore === undefined ? {} : { NODE_EXTRA_CA_CERTS: trustStore, SSL_CERT_FILE: trustStore }
  const given = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, reveal(value)]))
  return { PATH: DEFAULT_PATH, HOME: '/tmp', ...trust, ...given }
}
