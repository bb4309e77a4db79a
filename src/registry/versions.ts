// Versions as npm packages publish them: reading, ordering, and the newest for what a project wrote.

interface Version {
  readonly numbers: readonly [number, number, number]
  /** `beta.17` of `17.10.0-beta.17`; empty for a release. */
  readonly label: readonly string[]
}

/** Orders two versions as semver does; a version that cannot be read comes first. */
export function compareVersions(a: string, b: string): number {
  const left = parse(a)
  const right = parse(b)
  if (left === undefined || right === undefined) return Number(left !== undefined) - Number(right !== undefined)
  for (const place of [0, 1, 2] as const) {
    if (left.numbers[place] !== right.numbers[place]) return left.numbers[place] - right.numbers[place]
  }
  return compareLabels(left.label, right.label)
}

/**
 * The newest of `versions` for `wanted`: a whole version or its beginning (`22`, `22.23`, `22.23.3`), number by number, so `2` is not `22`.
 * Pre-releases count only with `prereleases`, or when `wanted` names one in full.
 */
export function newestVersion(versions: readonly string[], wanted: string, { prereleases = false } = {}): string | undefined {
  if (versions.includes(wanted)) return wanted
  if (!/^\d+(\.\d+){0,2}$/.test(wanted)) return undefined
  const beginning = wanted.split('.').map(Number)
  return versions
    .filter((version) => {
      const parsed = parse(version)
      if (parsed === undefined || (parsed.label.length > 0 && !prereleases)) return false
      return beginning.every((number, place) => parsed.numbers[place] === number)
    })
    .toSorted(compareVersions)
    .at(-1)
}

function parse(version: string): Version | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/.exec(version)
  if (match === null) return undefined
  return { numbers: [Number(match[1]), Number(match[2]), Number(match[3])], label: match[4]?.split('.') ?? [] }
}

function compareLabels(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length
  for (let place = 0; place < Math.max(a.length, b.length); place++) {
    const left = a[place]
    const right = b[place]
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1
    if (left === right) continue
    const [leftNumber, rightNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)]
    if (leftNumber && rightNumber) return Number(left) - Number(right)
    if (leftNumber !== rightNumber) return leftNumber ? -1 : 1
    return left < right ? -1 : 1
  }
  return 0
}
