// The configuration as a tree of values that know where they were written.

export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

interface NodeBase {
  readonly at: Position
  /** Nodes below and including this one, anchors counted at each use. */
  readonly size: number
  /** Levels below and including this one. */
  readonly height: number
}

export interface ScalarNode extends NodeBase {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
  /** As written: `1.10` stays `1.10`. */
  readonly text: string
}

export interface Entry {
  readonly at: Position
  readonly node: Node
}

export interface MapNode extends NodeBase {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, Entry>
}

export interface ListNode extends NodeBase {
  readonly kind: 'list'
  readonly items: readonly Node[]
}

/** `!include`, until `resolveIncludes` has put the file's content in its place. */
export interface IncludeNode extends NodeBase {
  readonly kind: 'include'
  readonly type: 'yaml' | 'string' | 'binary'
  readonly path: string
}

/** `!archive`: a directory of the repository, as one file. */
export interface ArchiveNode extends NodeBase {
  readonly kind: 'archive'
  readonly path: string
}

export type Node = ScalarNode | MapNode | ListNode | IncludeNode | ArchiveNode

export function isNull(node: Node): boolean {
  return node.kind === 'scalar' && node.value === null
}

export function mapNode(at: Position, entries: ReadonlyMap<string, Entry>): MapNode {
  return { kind: 'map', at, entries, ...measure([...entries.values()].map((entry) => entry.node)) }
}

export function listNode(at: Position, items: readonly Node[]): ListNode {
  return { kind: 'list', at, items, ...measure(items) }
}

export function scalarNode(at: Position, value: ScalarNode['value'], text = value === null ? '' : String(value)): ScalarNode {
  return { kind: 'scalar', at, value, text, ...measure([]) }
}

export function measure(below: readonly Node[]): Pick<NodeBase, 'size' | 'height'> {
  let size = 1
  let height = 1
  for (const node of below) {
    size += node.size
    height = Math.max(height, node.height + 1)
  }
  return { size, height }
}

/** What a person calls a node in "expected a map, found a list". */
export function describeNode(node: Node): string {
  switch (node.kind) {
    case 'map':
      return 'a map'
    case 'list':
      return 'a list'
    case 'include':
    case 'archive':
      return `!${node.kind}`
    case 'scalar':
      return node.value === null ? 'nothing' : 'a single value'
  }
}
