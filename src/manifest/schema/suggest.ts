// The name a person probably meant.

/** The option nearest to `word` by Damerau-Levenshtein distance, when it is near enough to be a slip. */
export function nearest(word: string, options: Iterable<string>): string | undefined {
  if (word.length > 64) return undefined
  const wanted = word.toLowerCase()
  const limit = Math.max(1, Math.floor(wanted.length / 3))
  let best: { option: string; distance: number } | undefined
  for (const option of options) {
    if (Math.abs(option.length - wanted.length) > limit) continue
    const distance = distanceBetween(wanted, option.toLowerCase())
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { option, distance }
  }
  return best?.option
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
export function distanceBetween(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1]
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(
        Math.min(
          (last[j] ?? 0) + 1,
          (row[j - 1] ?? 0) + 1,
          (last[j - 1] ?? 0) + (same ? 0 : 1),
          swapped ? (beforeLast[j - 2] ?? 0) + 1 : Infinity,
        ),
      )
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
