import * as fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { applyChanges } from './apply.ts'
import { type Leaf, canonicalJson } from './canonical.ts'
import { type Change, compareChanges, invert } from './change.ts'
import { diff } from './diff.ts'
import { type LayerInput, treeOf } from './input.ts'
import { type LayerName, LAYERS } from './layers.ts'
import { parse, serialise } from './stored.ts'
import { buildSystem, layerJson, leafAt, sameLayers, systemOf } from './system.ts'

// Properties run hundreds of trees; a busy machine may take its time.
vi.setConfig({ testTimeout: 120_000 })

type Nested = Map<string, Nested | Leaf>
type Layers = Record<LayerName, Nested>
type Leaves = Map<string, string>

const awkward = [
  '',
  '__proto__',
  'constructor',
  'toString',
  '/',
  'a/b',
  ' > ',
  '\0',
  '\u001b',
  '\u001b0000',
  '\ud800',
  'é',
  'e\u0301',
  '😀',
  '0',
  '"',
  'sha256',
]
const key = fc.oneof(fc.constantFrom(...awkward), fc.string({ unit: 'binary', maxLength: 4 }), fc.integer({ min: 0, max: 40 }).map(String))
const scalar = fc.oneof(
  fc.constantFrom('', '1', 1, true, 'true', null, 'null', 0, 1e21, 5e-324, '[]', '{}', '\0\ud800'),
  fc.string({ unit: 'binary', maxLength: 5 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
)
const leaf: fc.Arbitrary<Leaf> = fc.oneof(
  { weight: 5, arbitrary: scalar },
  fc.array(fc.oneof(scalar, fc.dictionary(key, scalar, { maxKeys: 2 })), { maxLength: 3 }),
)
const small = mapIn(leaf, 4)
const nested = mapIn(fc.oneof(leaf, small, mapIn(fc.oneof(leaf, small), 3)), 22)
const system = fc.record({
  code: small,
  runtime: small,
  packages: nested,
  config: nested,
  network: small,
  services: small,
  schema: small,
  data: small,
})

function mapIn(below: fc.Arbitrary<Nested | Leaf>, maxLength: number): fc.Arbitrary<Nested> {
  return fc.array(fc.tuple(key, below), { maxLength, size: 'max' }).map((entries): Nested => new Map(entries))
}

/** The oracle: every leaf as one line of text, compared without any of the code under test but JSON. */
function flat(layers: Layers): Leaves {
  const leaves: Leaves = new Map()
  const walk = (path: string[], value: Nested | Leaf): void => {
    if (value instanceof Map) for (const [key, below] of value) walk([...path, key], below)
    else leaves.set(JSON.stringify(path), JSON.stringify(sorted(value)))
  }
  for (const [name, map] of Object.entries(layers)) walk([name], map)
  return leaves
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  // A list of pairs stands for the object: no order of insertion, no prototype, never equal to another list of the tests.
  return ['{}', ...Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))].map(sorted)
}

function expectedChanges(before: Leaves, after: Leaves): string[] {
  const lines: string[] = []
  for (const [path, value] of before)
    if (after.get(path) !== value) lines.push(after.has(path) ? `~${path}${value}${after.get(path)}` : `-${path}${value}`)
  for (const [path, value] of after) if (!before.has(path)) lines.push(`+${path}${value}`)
  return lines.toSorted()
}

function lines(changes: readonly Change[]): string[] {
  const text = (value: Leaf | undefined) => (value === undefined ? '' : JSON.stringify(sorted(value)))
  const sign = { added: '+', removed: '-', changed: '~' }
  return changes
    .map(({ layer, path, kind, before, after }) => `${sign[kind]}${JSON.stringify([layer, ...path])}${text(before)}${text(after)}`)
    .toSorted()
}

function shuffled(map: Nested): Nested {
  return new Map([...map].toReversed().map(([key, value]) => [key, value instanceof Map ? shuffled(value) : value]))
}

function copy(layers: Layers): Layers {
  return Object.fromEntries(Object.entries(layers).map(([name, map]) => [name, shuffled(map)])) as Layers
}

describe('hash', () => {
  test('is equal exactly for equal leaves, whatever the order they came in', () => {
    fc.assert(
      fc.property(system, system, (a, b) => {
        expect(buildSystem(copy(a)).hash).toBe(buildSystem(a).hash)
        const alike = expectedChanges(flat(a), flat(b)).length === 0
        expect(buildSystem(a).hash === buildSystem(b).hash).toBe(alike)
      }),
      { numRuns: 100 },
    )
  })

  test('tells apart what looks alike', () => {
    const trees: LayerInput[] = [
      { a: 1 }, { a: '1' }, { a: true }, { a: 'true' }, { a: null }, { a: 'null' }, { a: [] }, { a: '[]' }, { a: [1] }, { a: ['1'] }, { a: [[1]] },
      { a: { b: 1 } }, { 'a/b': 1 }, { a: [{ b: 1 }] }, { a: ['b', 1] }, { A: 1 }, { 'a ': 1 }, { 'e\u0301': 1 }, { é: 1 }, { '\ud800': 1 }, { '\ud801': 1 }, { '\ufffd': 1 },
      { ['__proto__']: 1 }, { ['__proto__']: { a: 1 } }, { '': 1 }, { '': { '': 1 } }, { a: { sha256: buildSystem({ code: { b: 1 } }).layers.code.hash } }, {},
    ] // prettier-ignore
    expect(new Set(trees.map((code) => buildSystem({ code }).hash)).size).toBe(trees.length)
    expect(new Set(LAYERS.map((layer) => buildSystem({ [layer]: { a: 1 } }).hash)).size).toBe(LAYERS.length)
  })

  test('is that of canonical JSON under SHA-256, so that anyone can check it', () => {
    // printf '%s' '{"a":1,"b":[2,{"c":"é","d":1}]}' | sha256sum
    expect(buildSystem({}).layers.data.hash).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a')
    expect(buildSystem({ code: { b: [2, { d: 1, c: 'é' }], a: 1 } }).layers.code.hash).toBe(
      'c020537b421a0c4c71823350c5af830876342a316fb3fa8d585b70b3475a691e',
    )
    expect(buildSystem({}).hash).toBe('eab84d7b3da67f4ed97b80a0f0e376564763f7b074d334f8bd544b4150a13533')
  })

  test('counts a map without leaves and an undefined leaf as nothing', () => {
    expect(buildSystem({ config: { web: { hooks: {}, mounts: undefined } } }).hash).toBe(buildSystem({}).hash)
  })

  test.each([
    ['NaN', Number.NaN],
    ['-0', -0],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['a date', new Date(0)],
    ['a function', () => 1],
    ['a bigint', 1n],
    ['undefined in a list', [undefined]],
    ['a hole', Array.from({ length: 2 })],
    ['a map in a list', [new Map()]],
    ['-0 in a list', [[-0]]],
  ])('refuses %s and names the path', (_, value) => {
    const layers = { config: { web: { port: value } } } as unknown as { config: LayerInput }
    expect(() => buildSystem(layers)).toThrow(/config\/web\/port/)
  })

  test('refuses cycles, endless depth, unknown layers and a layer that is no map', () => {
    const cycle: Record<string, LayerInput> = {}
    cycle['again'] = cycle
    expect(() => buildSystem({ code: cycle })).toThrow(/nested deeper/)
    const list: unknown[] = []
    list.push(list)
    expect(() => canonicalJson(list)).toThrow(/nested deeper/)
    expect(() => buildSystem({ wires: {} } as never)).toThrow(/no layer "wires"/)
    expect(() => buildSystem({ code: [1] } as never)).toThrow(/should be a map/)
  })
})

describe('diff', () => {
  test('names exactly the leaves that differ, in order; applying leads there, inverting leads back', () => {
    fc.assert(
      fc.property(system, system, (a, b) => {
        const [before, after] = [buildSystem(a), buildSystem(b)]
        const changes = diff(before, after)
        expect(lines(changes)).toEqual(expectedChanges(flat(a), flat(b)))
        expect(changes.toSorted(compareChanges)).toEqual(changes)
        expect(applyChanges(before, changes).hash).toBe(after.hash)
        expect(applyChanges(after, invert(changes)).hash).toBe(before.hash)
        expect(diff(before, before)).toEqual([])
        expect(LAYERS.filter((name) => !sameLayers(before, after)[name])).toEqual([...new Set(changes.map(({ layer }) => layer))])
      }),
      { numRuns: 100 },
    )
  })

  test('10,000 random mutations: none missed, none invented', () => {
    const random = randomFrom(20_260_801)
    const layers = Object.fromEntries(LAYERS.map((name) => [name, new Map()])) as Layers
    let before = buildSystem(layers)
    let was = flat(layers)
    for (let done = 0; done < 10_000;) {
      const batch = 1 + random(100)
      for (let count = 0; count < batch; count++) mutate(layers, random)
      done += batch
      const after = buildSystem(layers)
      const is = flat(layers)
      const changes = diff(before, after)
      expect(lines(changes)).toEqual(expectedChanges(was, is))
      // Grown by changes alone, through every split and merge of a wide map, it is still the tree built at once.
      const grown = applyChanges(before, changes)
      expect({ hash: grown.hash, leaves: LAYERS.map((name) => grown.layers[name].leaves) }).toEqual({
        hash: after.hash,
        leaves: [...is.keys()].reduce(
          counted,
          LAYERS.map(() => 0),
        ),
      })
      before = grown
      was = is
    }
    expect(before.layers.packages.leaves).toBeGreaterThan(300)
  })

  test('finds its way in a map of 50,000 children', () => {
    const wide: Nested = new Map(Array.from({ length: 50_000 }, (_, index) => [`package-${index}`, '1.0.0']))
    const before = buildSystem({ packages: wide })
    wide.delete('package-7')
    wide.set('package-8', '1.0.1').set('new', '1')
    const after = buildSystem({ packages: wide })
    expect(lines(diff(before, after))).toEqual([
      '+["packages","new"]"1"',
      '-["packages","package-7"]"1.0.0"',
      '~["packages","package-8"]"1.0.0""1.0.1"',
    ])
    expect(applyChanges(before, diff(before, after))).toEqual(after)
  })

  test('applies only to the system it was made for', () => {
    const base = buildSystem({ config: { web: { port: 1 }, api: { port: 2 } } })
    const at = (change: object) => () => applyChanges(base, [{ layer: 'config', path: ['web', 'port'], ...change } as unknown as Change])
    expect(at({ kind: 'changed', before: 9, after: 2 })).toThrow(/config\/web\/port cannot be changed: it holds something else/)
    expect(at({ kind: 'added', after: 2 })).toThrow(/something else/)
    expect(at({ kind: 'removed', before: 1, path: ['web', 'nothing'] })).toThrow(/not there/)
    expect(at({ kind: 'added', after: 1, path: ['web'] })).toThrow(/a leaf and a map at once/)
    expect(at({ kind: 'added', after: 1, path: ['web', 'port', 'deep'] })).toThrow(/a leaf and a map at once/)
    expect(at({ kind: 'added', after: 1, path: [] })).toThrow(/does not name a leaf/)
    expect(at({ kind: 'added', after: 1, layer: '__proto__' })).toThrow(/does not name a leaf/)
    const change: Change = { layer: 'config', path: ['web', 'port'], kind: 'changed', before: 1, after: 2 }
    expect(() => applyChanges(base, [change, change])).toThrow(/changed twice/)
    expect(base.hash).toBe(buildSystem({ config: { api: { port: 2 }, web: { port: 1 } } }).hash)
  })
})

describe('stored form', () => {
  test('comes back as the same system through the text of JSON', () => {
    fc.assert(
      fc.property(system, (layers) => {
        const built = buildSystem(layers)
        const text = JSON.stringify(serialise(built))
        expect(text).not.toMatch(/\\u0000|\\ud[89a-f]/)
        expect(parse(JSON.parse(text)).hash).toBe(built.hash)
      }),
      { numRuns: 100 },
    )
  })

  test('any other value in it is found', () => {
    const stored = JSON.stringify(serialise(buildSystem({ config: { web: { port: 80, list: ['a'] } }, code: { web: { tree: 'abc' } } })))
    const tampered = (from: string, to: string) => () => parse(JSON.parse(stored.replace(from, to)))
    expect(tampered('80', '81')).toThrow(/stored layer config/)
    expect(tampered('80', '"80"')).toThrow(/stored layer config/)
    expect(tampered('"port"', '"Port"')).toThrow(/stored layer config/)
    expect(tampered('"abc"', '"abd"')).toThrow(/stored layer code/)
    expect(tampered('"config":', '"confog":')).toThrow(/layer "confog"/)
    expect(tampered('"format":1', '"format":2')).toThrow(/format 1/)
    const other = buildSystem({ config: { web: { port: 81 } } })
    expect(() => parse({ ...(JSON.parse(stored) as object), hash: other.hash })).toThrow(/does not fit its layers/)
    expect(() => parse(null)).toThrow(/not a system/)
    expect(() => parse({ format: 1, layers: {} })).toThrow(/lacks its layer code/)
  })
})

test('layers can be taken from different systems, and leaves be looked up', () => {
  const good = buildSystem({ code: { web: { commit: 'a' } }, schema: { db: { main: 1 } } })
  const bad = buildSystem({ code: { web: { commit: 'b' } }, schema: { db: { main: 2 } } })
  const mixed = systemOf({ ...good.layers, schema: bad.layers.schema })
  expect(mixed).toEqual(buildSystem({ code: { web: { commit: 'a' } }, schema: { db: { main: 2 } } }))
  expect(leafAt(mixed, 'schema', ['db', 'main'])).toBe(2)
  expect([leafAt(mixed, 'schema', ['db']), leafAt(mixed, 'schema', ['db', 'main', 'x']), leafAt(mixed, 'data', ['db'])]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  expect(layerJson(mixed, 'code')).toEqual({ web: { commit: 'a' } })
})

test('leaves listed by path become a layer; one that is also a beginning stands under the empty key', () => {
  const schema = treeOf([[['db', 'table', 'a'], 'table'], [['db', 'table', 'a', 'column', 'id'], 'integer'], [['db', 'table', 'b'], 'view']]) // prettier-ignore
  expect(layerJson(buildSystem({ schema }), 'schema')).toEqual({
    db: { table: { a: { '': 'table', column: { id: 'integer' } }, b: 'view' } },
  })
  expect(() =>
    treeOf([
      [['a'], 1],
      [['a'], 2],
    ]),
  ).toThrow(/listed twice/)
  expect(() =>
    treeOf([
      [['a', ''], 1],
      [['a'], 2],
    ]),
  ).toThrow(/listed twice/)
  expect(() => treeOf([[[], 1]])).toThrow(/at least one name/)
})

function counted(counts: number[], path: string): number[] {
  const index = LAYERS.findIndex((name) => path.startsWith(`["${name}"`))
  return counts.with(index, (counts[index] ?? 0) + 1)
}

function mutate(layers: Layers, random: (below: number) => number): void {
  const name = LAYERS[random(LAYERS.length)] ?? 'code'
  let at = layers[name]
  for (let depth = name === 'packages' ? random(2) : random(3); depth > 0; depth--) {
    const step = keyFrom(random, 0)
    const next = at.get(step)
    if (next instanceof Map) at = next
    else {
      const map: Nested = new Map()
      at.set(step, map)
      at = map
    }
  }
  const target = keyFrom(random, name === 'packages' ? 500 : 10)
  if (random(3) === 0) at.delete(target)
  else at.set(target, [random(5), String(random(5)), true, null, [random(2)], new Map([['in', random(3)]])][random(6)] ?? null)
}

function keyFrom(random: (below: number) => number, width: number): string {
  const choice = random(width + awkward.length)
  return awkward[choice] ?? `k${choice}`
}

/** Mulberry32: the same mutations on every run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
