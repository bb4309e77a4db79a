// The shape of what callers hand to an engine: refused here, it never reaches a path, a rule or a program.
import { isIP } from 'node:net'
import { isAbsolute, normalize } from 'node:path'
import type { ProcessSpec } from './engine.ts'
import { fail } from './errors.ts'

/** Throws `engine.invalid` naming the field and what was expected. */
export function checkSpec(spec: Omit<ProcessSpec, 'restart'>): void {
  if (!/^[a-z0-9][a-z0-9-]{0,59}$/.test(spec.id)) throw invalid('the process id', spec.id, '1 to 60 of a-z, 0-9 and -')
  checkNetworkId(spec.network)
  if (spec.argv[0] === '') throw invalid(`argv[0] of ${spec.id}`, '', 'a program')
  for (const part of [...spec.argv, spec.cwd]) if (part.includes('\0')) throw invalid(`argv or cwd of ${spec.id}`, '\\0', 'no NUL byte')
  if (!isInside(spec.cwd)) throw invalid(`cwd of ${spec.id}`, spec.cwd, 'an absolute path without .. and not under /proc')
  for (const [key, value] of Object.entries(spec.env)) {
    const bytes = typeof value === 'string' ? value : value.reveal()
    if (key === '' || key.includes('=') || key.includes('\0') || bytes.includes('\0')) {
      throw invalid(`the variable ${JSON.stringify(key)} of ${spec.id}`, 'its name or value', 'a name without = and no NUL byte')
    }
  }
  for (const mount of spec.mounts) {
    if (!isInside(mount.target) || mount.target === '/') {
      throw invalid(`a mount target of ${spec.id}`, mount.target, 'an absolute path without .. and not under /proc')
    }
    if (!isAbsolute(mount.source.path)) throw invalid(`the source of ${mount.target} of ${spec.id}`, mount.source.path, 'an absolute path')
  }
  for (const [name, address] of Object.entries(spec.hosts)) {
    if (!/^[A-Za-z0-9._-]{1,253}$/.test(name)) throw invalid(`a host name of ${spec.id}`, name, 'letters, digits, dots and dashes')
    if (isIP(address) === 0) throw invalid(`the address of host ${name} of ${spec.id}`, address, 'an IP address')
  }
}

export function checkNetworkId(id: string): void {
  if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(id)) throw invalid('the network id', id, '1 to 40 of a-z, 0-9 and -')
}

function isInside(path: string): boolean {
  const clean = normalize(path)
  return isAbsolute(path) && !path.includes('\0') && !path.split('/').includes('..') && !/^\/(?:proc|sys)(?:\/|$)/.test(clean)
}

function invalid(what: string, value: string, expected: string) {
  return fail('invalid', `${what} is ${JSON.stringify(value)}, expected ${expected}`)
}
