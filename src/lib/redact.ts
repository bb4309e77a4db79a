// Takes secret values out of a stream of output, also when a value is split over two chunks.
import { StringDecoder } from 'node:string_decoder'

/** Shorter values are not hidden: they would blacken ordinary words and protect nothing. */
const SHORTEST = 6

export interface Redactor {
  add(values: readonly string[]): void
  /** Redacts a text that is complete in itself. */
  whole(text: string): string
  /** Redacts the next chunk; keeps back what may be the beginning of a value. */
  push(chunk: Buffer): string
  /** What was kept back. */
  end(): string
}

export function createRedactor(): Redactor {
  const values = new Set<string>()
  let ordered: string[] = []
  let decoder = new StringDecoder('utf8')
  let kept = ''

  function whole(text: string): string {
    let result = text
    for (const value of ordered) result = result.replaceAll(value, '***')
    return result
  }

  return {
    whole,
    add(added) {
      for (const value of added) for (const form of formsOf(value)) values.add(form)
      // Longest first: a value that contains another is hidden as a whole.
      ordered = [...values].toSorted((a, b) => b.length - a.length)
    },
    push(chunk) {
      const text = kept + decoder.write(chunk)
      const cut = safeCut(text, ordered)
      kept = text.slice(cut)
      return whole(text.slice(0, cut))
    },
    end() {
      const rest = whole(kept + decoder.end())
      decoder = new StringDecoder('utf8')
      kept = ''
      return rest
    },
  }
}

/** The value as it is, line by line, and in the encodings that tools commonly print. */
function formsOf(value: string): string[] {
  const lines = value.includes('\n') ? value.split('\n') : []
  const base64 = Buffer.from(value).toString('base64')
  const encoded = [base64, base64.replace(/=+$/, ''), ...base64Inside(value)]
  const url = encoded.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))
  const forms = [value, ...lines, ...encoded, ...url, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]
  return forms.map((form) => form.trim()).filter((form) => form.length >= SHORTEST)
}

/**
 * What base64 of a longer text has for the value in its midst, for each of the three places it can begin at: the characters that
 * come from nothing but the value. (PLATFORM_RELATIONSHIPS is such a text.)
 */
function base64Inside(value: string): string[] {
  const bytes = Buffer.from(value)
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64')
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
  })
}

/** Where `text` can be cut so that no value, whole or only begun, lies across the cut. */
function safeCut(text: string, values: readonly string[]): number {
  let cut = text.length - longestBeginning(text, values)
  for (let moved = true; moved;) {
    moved = false
    for (const value of values) {
      const at = text.indexOf(value, Math.max(0, cut - value.length + 1))
      if (at === -1 || at >= cut) continue
      cut = at
      moved = true
    }
  }
  return cut
}

/** Length of the longest end of `text` that is a proper beginning of one of the values. */
function longestBeginning(text: string, values: readonly string[]): number {
  let longest = 0
  for (const value of values) {
    for (let length = Math.min(value.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(value.slice(0, length))) longest = length
    }
  }
  return longest
}
