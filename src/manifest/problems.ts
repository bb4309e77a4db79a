// What is wrong with a project's configuration, where, and how a person reads it.

export interface Problem {
  /** Path in the repository; for what came through an include, the included file. */
  readonly file: string
  /** 1-based. */
  readonly line: number
  /** 1-based. */
  readonly column: number
  /** Where it stands in the configuration: `applications.web.mounts./uploads.source`. Empty for a whole file. */
  readonly path: string
  readonly message: string
  /** What would be right, as the end of a sentence. */
  readonly expected?: string
  /** The name that was probably meant. */
  readonly suggestion?: string
  readonly severity: 'error' | 'warning'
}

/** One line for a terminal: place, path, what is wrong, what was expected. Nothing of the project can move the cursor or hide text. */
export function formatProblem({ file, line, column, path, message, expected, suggestion }: Problem): string {
  const where = path === '' ? `${file}:${line}:${column}` : `${file}:${line}:${column}: ${path}`
  const what = expected === undefined ? message : `${message}; expected ${expected}`
  const end = /[.?!]$/.test(what) || suggestion === undefined ? what : `${what}.`
  return printable(suggestion === undefined ? `${where}: ${end}` : `${where}: ${end} Did you mean "${suggestion}"?`)
}

/** Text of the project as a message may quote it: on one line, shortened, in quotation marks. */
export function quote(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 77)}…` : text
  return `"${printable(short)}"`
}

/** `a, b or c`. */
export function oneOf(options: readonly string[]): string {
  return options.length < 2 ? options.join('') : `${options.slice(0, -1).join(', ')} or ${options.at(-1)}`
}

/** Control and format characters (escapes, line breaks, direction marks) become visible escapes. */
function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )
}
