// What `package.json` says, as far as it decides how a project is run.
import { readIfThere, type SourceTree } from '#manifest/source/tree.ts'

export interface Package {
  readonly scripts: ReadonlySet<string>
  /** Names, development ones too. */
  readonly dependencies: ReadonlySet<string>
  readonly main: string | undefined
  readonly engine: string | undefined
  /** `pnpm@9.1.0`. */
  readonly packageManager: string | undefined
}

/** Undefined when there is none that can be read. */
export function readPackage(tree: SourceTree): Package | undefined {
  const content = parse(readIfThere(tree, 'package.json'))
  if (content === undefined) return undefined
  const main = textAt(content, 'main')?.replace(/^\.\//, '')
  return {
    scripts: new Set(Object.keys(mapAt(content, 'scripts'))),
    dependencies: new Set([...Object.keys(mapAt(content, 'dependencies')), ...Object.keys(mapAt(content, 'devDependencies'))]),
    // It becomes part of a command.
    main: main !== undefined && /^[A-Za-z0-9_][\w./-]*$/.test(main) ? main : undefined,
    engine: textAt(mapAt(content, 'engines'), 'node'),
    packageManager: textAt(content, 'packageManager'),
  }
}

function parse(bytes: Uint8Array | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return isMap(value) ? value : undefined
  } catch {
    return undefined
  }
}

function mapAt(map: Record<string, unknown>, key: string): Record<string, unknown> {
  const value = map[key]
  return isMap(value) ? value : {}
}

function textAt(map: Record<string, unknown>, key: string): string | undefined {
  const value = map[key]
  return typeof value === 'string' && value.length <= 200 ? value : undefined
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
