// Canonical JSON (RFC 8785: keys sorted by UTF-16 code unit, no white space, shortest numbers) and the SHA-256 of it.
import { hash } from 'node:crypto'
import { fail, where } from './errors.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** What ends a path. A list is one leaf: order matters in it, and it changes as a whole. */
export type Leaf = string | number | boolean | null | readonly Json[]

/** Deeper input is refused, so that nothing a user wrote can exhaust the stack. */
export const MAX_DEPTH = 100

/** SHA-256 of the text's UTF-8 bytes, in hex. */
export function sha256(text: string): string {
  return hash('sha256', text, 'hex')
}

/**
 * The one text of a JSON value. A lone surrogate is written as an escape, so different strings never share their bytes.
 * `path` only serves the error. Throws `systems.not_a_tree` for what JSON cannot say: NaN, infinities, -0, dates, functions, cycles.
 */
export function canonicalJson(value: unknown, path: readonly string[] = []): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value)
  if (typeof value === 'number') return JSON.stringify(checkedNumber(value, path))
  if (path.length > MAX_DEPTH) throw fail('not_a_tree', `${where(path.slice(0, 5))}/… is nested deeper than ${MAX_DEPTH} levels`)
  if (Array.isArray(value)) return `[${Array.from(value, (item, index) => canonicalJson(item, [...path, String(index)])).join(',')}]`
  if (isPlainObject(value)) {
    const entries = Object.keys(value)
      .toSorted(byCodeUnit)
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key], [...path, key])}`)
    return `{${entries.join(',')}}`
  }
  throw fail('not_a_tree', `${where(path)} is ${nameOf(value)}, which a system cannot hold`)
}

/** The order of keys everywhere in a system: by UTF-16 code unit, independent of any locale. */
export function byCodeUnit(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

export function nameOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value
  return `a ${value.constructor?.name ?? 'nameless'} object`
}

/** The number itself. Throws `systems.not_a_tree` for NaN, the infinities and -0. */
export function checkedNumber(value: number, path: readonly string[]): number {
  if (Number.isFinite(value) && !Object.is(value, -0)) return value
  throw fail('not_a_tree', `${where(path)} is ${Object.is(value, -0) ? '-0' : value}, which JSON cannot tell apart or hold`)
}
