// What benches share: rounds, medians, tables.

export interface Figures {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function figuresOf(values: readonly number[]): Figures {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const median = sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
  return { median: median ?? 0, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 }
}

/** `median [min..max] unit`. */
export function shown({ median, min, max }: Figures, unit: string): string {
  const text = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3))
  return `${text(median)} [${text(min)}..${text(max)}] ${unit}`
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

export function round(value: number, digits = 3): number {
  return Number(value.toPrecision(digits))
}
