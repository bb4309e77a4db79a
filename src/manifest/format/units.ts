// Durations and sizes as the front server of the format writes them: `2m`, `365d`, `250m`.
import { mapped, text, type Shape } from '#manifest/schema/shape.ts'
import { quote } from '#manifest/problems.ts'

const DAY = 86_400
const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: DAY, w: 7 * DAY, M: 30 * DAY, y: 365 * DAY, '': 1 }
const BYTES: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/** Seconds; -1 for "no caching headers". */
export function expires(): Shape<number> {
  return mapped(text('-1, or a duration like 300, 2m, 1h or 365d'), (written, place) => {
    if (written === '-1' || written === 'off') return -1
    const [, amount, unit = ''] = /^(\d{1,10})(ms|[smhdwMy])?$/.exec(written) ?? []
    const factor = SECONDS[unit]
    if (amount !== undefined && factor !== undefined) return Math.ceil(Number(amount) * factor)
    return place.error(`${quote(written)} is not a duration`, { expected: '-1, or a number with ms, s, m, h, d, w, M or y' })
  })
}

export function bytes(): Shape<number> {
  return mapped(text('a size like 250m'), (written, place) => {
    const [, amount, unit = ''] = /^(\d{1,9})([kmg])?$/i.exec(written) ?? []
    const factor = BYTES[unit.toLowerCase()]
    return amount !== undefined && factor !== undefined
      ? Number(amount) * factor
      : place.error(`${quote(written)} is not a size`, { expected: 'a number with k, m or g' })
  })
}
