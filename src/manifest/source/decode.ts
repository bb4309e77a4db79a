// From the bytes of a configuration file to its text: UTF-8 only, of a bounded size, without what no text file holds.
import type { Place } from '#manifest/schema/place.ts'
import { MAX_FILE_BYTES, MAX_TOTAL_BYTES, type Usage } from './limits.ts'

/** The text; undefined once the reason why there is none has been reported at `place`. */
export function decode(bytes: Uint8Array, place: Place, usage: Usage): string | undefined {
  if (!affordable(bytes, place, usage)) return undefined
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return place.error('the file is written in UTF-16', { expected: 'UTF-8' })
  }
  const text = utf8(bytes)
  if (text === undefined) return place.error(`the file is not UTF-8: line ${badLine(bytes)} holds other bytes`, { expected: 'UTF-8' })
  if (text.includes('\0'))
    return place.error(`the file holds a NUL character in line ${lineOf(text, text.indexOf('\0'))}`, { expected: 'text' })
  return text
}

/** Counts a file's bytes; false once it has been reported that they are too many. */
export function affordable(bytes: Uint8Array, place: Place, usage: Usage): boolean {
  usage.bytes += bytes.length
  if (bytes.length > MAX_FILE_BYTES) place.error(`the file has ${bytes.length} bytes`, { expected: `at most ${MAX_FILE_BYTES}` })
  else if (usage.bytes > MAX_TOTAL_BYTES) {
    place.error('the configuration is too large with all its files', { expected: `at most ${MAX_TOTAL_BYTES} bytes in total` })
  } else return true
  return false
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function badLine(bytes: Uint8Array): number {
  const text = new TextDecoder('utf-8').decode(bytes)
  return lineOf(text, text.indexOf('\uFFFD'))
}

function lineOf(text: string, index: number): number {
  return text.slice(0, Math.max(0, index)).split('\n').length
}
