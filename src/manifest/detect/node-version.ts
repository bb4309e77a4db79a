// Which Node.js a project wants, from `.nvmrc`, `.node-version` or `engines`, among those Friday runs.
import { readIfThere, type SourceTree } from '#manifest/source/tree.ts'
import { supported, type Support } from '#manifest/support.ts'
import type { Package } from './package.ts'

/** Undefined when this Friday runs no Node.js at all. */
export function nodeVersionFor(
  found: Package | undefined,
  tree: SourceTree,
  support: Support,
): { version: string; notes: string[] } | undefined {
  const versions = supported(support.runtimes, 'nodejs') ?? []
  // Lines with an even number get long-term support. The newest is often too young for a project's packages; the one before has settled.
  const lasting = versions.filter((version) => Number.parseInt(version, 10) % 2 === 0)
  const usual = lasting[1] ?? lasting[0] ?? versions[0]
  if (usual === undefined) return undefined
  const [file, wanted] = wish(found, tree)
  if (wanted === undefined) return { version: usual, notes: [`No version of Node.js is named; ${usual} is used.`] }
  const fitting = versions.filter((version) => allows(wanted, Number.parseInt(version, 10)))
  const version = fitting.includes(usual) ? usual : fitting[0]
  if (version !== undefined) return { version, notes: [`${file} asks for Node.js ${wanted}; ${version} is used.`] }
  return { version: usual, notes: [`${file} asks for Node.js ${wanted}, which Friday does not run yet; ${usual} is used.`] }
}

function wish(found: Package | undefined, tree: SourceTree): [string, string | undefined] {
  for (const file of ['.nvmrc', '.node-version']) {
    const [, version] = /^v?(\d+(?:\.\d+){0,2})\s*$/.exec(new TextDecoder().decode(readIfThere(tree, file)).trim()) ?? []
    if (version !== undefined) return [file, version]
  }
  return ['package.json', found?.engine?.replace(/[^\w .<>=^~|*-]/g, '')]
}

/** Whether a range allows some version of this major line. Unknown notations allow everything. */
function allows(range: string, major: number): boolean {
  return range.split('||').some((part) =>
    part
      .replace(/(\d\S*)\s+-\s+(\d+)\S*/, '>=$1 <=$2')
      .replace(/([<>=^~])\s+/g, '$1')
      .trim()
      .split(/\s+/)
      .every((comparator) => compares(comparator, major)),
  )
}

function compares(comparator: string, major: number): boolean {
  const [, operator = '', number, rest = ''] = /^([<>=^~]*)v?(\d+)(.*)$/.exec(comparator) ?? []
  if (number === undefined) return true
  const wanted = Number(number)
  if (operator === '<') return /[1-9]/.test(rest) ? major <= wanted : major < wanted
  if (operator === '<=') return major <= wanted
  if (operator === '>') return rest === '' ? major > wanted : major >= wanted
  if (operator === '>=') return major >= wanted
  return major === wanted
}
