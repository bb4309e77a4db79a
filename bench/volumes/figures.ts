// Medians, ranges and a shuffle that gives no contender the same neighbour each round.
export interface Figure {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function figureOf(values: readonly number[], digits = 0): Figure {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
  const round = (value = Number.NaN): number => Number(value.toFixed(digits))
  return { median: round(median), min: round(sorted[0]), max: round(sorted.at(-1)) }
}

export function shown({ median, min, max }: Figure): string {
  return `${median} [${min}..${max}]`
}

export function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item)
}
