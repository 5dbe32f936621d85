import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type SubtreeRow, SubtreeSummary } from '../../src/snapshot/subtree-summary.ts'
import type { SummaryRange } from '../../src/snapshot/snapshot-arguments.ts'

type Node = readonly [path: string, dataBytes: number]

function summarise(nodes: readonly Node[], range: SummaryRange): readonly SubtreeRow[] {
  const summary = new SubtreeSummary(range)
  for (const [path, dataBytes] of nodes) summary.add(path, dataBytes)
  summary.finish()
  return summary.rows
}

function isBelow(path: string, above: string): boolean {
  return path !== above && path.startsWith(above === '/' ? '/' : `${above}/`)
}

function levelOf(path: string): number {
  return path === '/' ? 0 : path.split('/').length - 1
}

/** The same from the definition, with all nodes at hand. */
function naiveRows(nodes: readonly Node[], { path: top, depthMax }: SummaryRange) {
  return nodes.flatMap(([path, dataBytes]) => {
    if (path !== top && !isBelow(path, top)) return []
    const below = nodes.filter(([other]) => isBelow(other, path))
    const level = levelOf(path) - levelOf(top)
    if (path !== top && below.length === 0) return []
    if (depthMax > 0 && level > depthMax) return []
    const sum = below.reduce((total, [, bytes]) => total + bytes, dataBytes)
    return [{ path, level, descendantCount: below.length, dataBytes: sum }]
  })
}

/** Trees as snapshots have them: in pre-order, siblings in any order; some names start like others. */
const tree: fc.Arbitrary<readonly Node[]> = fc
  .uniqueArray(fc.array(fc.constantFrom('a', 'b', 'ab', 'a-'), { minLength: 1, maxLength: 5 }), {
    selector: (names) => names.join('/'),
    maxLength: 20,
  })
  .chain((leaves) => {
    const paths = new Set(
      leaves.flatMap((names) => names.map((_, i) => names.slice(0, i + 1).join('/'))),
    )
    const ordered = [...paths].map((path) => path.split('/')).toSorted(inPreOrder)
    return fc.tuple(
      ...['/', ...ordered.map((names) => `/${names.join('/')}`)].map((path) =>
        fc.tuple(fc.constant(path), fc.nat(9)),
      ),
    )
  })

function inPreOrder(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1
  }
  return a.length - b.length
}

test('the sums are those of the definition, for any tree, top and depth', () => {
  fc.assert(
    fc.property(tree, fc.nat(30), fc.nat(3), (nodes, at, depthMax) => {
      const range = { path: nodes[at % nodes.length][0], depthMax }
      assert.deepEqual(summarise(nodes, range), naiveRows(nodes, range))
    }),
  )
})

test('a node that is not there has no sums', () => {
  assert.deepEqual(
    summarise(
      [
        ['/', 0],
        ['/ab', 1],
      ],
      { path: '/a', depthMax: 0 },
    ),
    [],
  )
})

test('a node away from its parent is refused', () => {
  const nodes: readonly Node[] = [
    ['/', 0],
    ['/a', 1],
    ['/b', 1],
    ['/a/c', 1],
  ]
  assert.throws(() => summarise(nodes, { path: '/', depthMax: 0 }), /"\/a\/c" does not come behind/)
})
