// Where a reader stands in the configuration, and how it reports what it finds there.
import type { Problem } from '#manifest/problems.ts'
import { MAX_PROBLEMS } from '#manifest/source/limits.ts'
import type { Position } from '#manifest/source/nodes.ts'

export type Remark = Pick<Problem, 'expected' | 'suggestion'>

/** Collects problems, each once, and stops keeping them when there are too many to read. */
export class Problems {
  readonly #found = { error: new Map<string, Problem>(), warning: new Map<string, Problem>() }

  add(problem: Problem): void {
    const found = this.#found[problem.severity]
    const key = `${problem.file}:${problem.line}:${problem.column}:${problem.path}:${problem.message}`
    if (found.size < MAX_PROBLEMS) found.set(key, problem)
  }

  all(severity: Problem['severity']): Problem[] {
    return [...this.#found[severity].values()].toSorted(byPlace)
  }
}

export class Place {
  readonly at: Position
  readonly path: string
  readonly problems: Problems

  constructor(problems: Problems, at: Position, path = '') {
    this.problems = problems
    this.at = at
    this.path = path
  }

  /** A key below; `at` is where its value (or the key itself) is written. */
  child(key: string, at: Position = this.at): Place {
    return new Place(this.problems, at, this.path === '' ? key : `${this.path}.${key}`)
  }

  item(index: number, at: Position): Place {
    return new Place(this.problems, at, `${this.path}[${index}]`)
  }

  error(message: string, remark: Remark = {}): undefined {
    this.problems.add({ ...this.at, path: this.path, message, ...remark, severity: 'error' })
  }

  warn(message: string, remark: Remark = {}): void {
    this.problems.add({ ...this.at, path: this.path, message, ...remark, severity: 'warning' })
  }
}

function byPlace(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line || a.column - b.column
}
