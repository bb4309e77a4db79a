// Refuses YAML that would exhaust the parser, before the parser sees it.
import { Lexer } from 'yaml'
import { MAX_DEPTH, MAX_TOKENS } from './limits.ts'

/** Sum of what can nest on the lines that lie around one line: far above any real file, far below what a stack holds. */
const MAX_WEIGHT = 400

/**
 * What is wrong with the text's shape and in which line; undefined when it is safe to parse. The parser is recursive (its lexer too, over
 * indicators on one line), and a stack that overflows inside V8's regular expressions ends the whole process: no `catch` would help.
 */
export function unsafeShape(text: string): { line: number; message: string } | undefined {
  return deepIndentation(text) ?? deepFlow(text)
}

function deepIndentation(text: string): { line: number; message: string } | undefined {
  const around: { indent: number; weight: number }[] = []
  let total = 0
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    const indent = line.search(/[^ ]/)
    if (indent < 0) continue
    while ((around.at(-1)?.indent ?? -1) >= indent) total -= around.pop()?.weight ?? 0
    const weight = 1 + indicators(line)
    around.push({ indent, weight })
    total += weight
    if (total > MAX_WEIGHT) return { line: index + 1, message: 'the file is nested too deeply' }
  }
  return undefined
}

/** Words of a line that begin like a YAML indicator; each may open one more level. */
function indicators(line: string): number {
  return line.match(/(?<![^\s,[{])[-?:&!]/g)?.length ?? 0
}

function deepFlow(text: string): { line: number; message: string } | undefined {
  let depth = 0
  let line = 1
  let tokens = 0
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') depth += 1
    if (token === ']' || token === '}') depth -= 1
    if (depth < 0) return { line, message: `there is a "${token}" that closes nothing` }
    if (depth > MAX_DEPTH) return { line, message: `brackets are nested deeper than ${MAX_DEPTH} levels` }
    for (let at = token.indexOf('\n'); at >= 0; at = token.indexOf('\n', at + 1)) line += 1
    tokens += 1
    if (tokens > MAX_TOKENS) return { line, message: `the file has more than ${MAX_TOKENS} parts` }
  }
  return undefined
}
