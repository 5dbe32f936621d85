import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SharedData } from '../../src/checkers/shared-data.ts'
import { CommittedTree } from '../../src/history/committed-tree.ts'
import type { Observation } from '../../src/history/observation.ts'
import type { NodeView } from '../../src/history/tree-view.ts'
import { TxnHistory } from '../../src/history/txn-history.ts'

const queue = '/q'
const client = 'c'

function judged(observations: readonly Observation[]): string | undefined {
  const checker = new SharedData(new CommittedTree(new TxnHistory()), { counterPath: '/n' })
  for (const observation of observations) {
    const problem = checker.observe(observation)
    if (problem !== undefined) return problem
  }
  return undefined
}

const put = (item: string): readonly Observation[] => [
  { type: 'itemOffered', client, queue, item },
  { type: 'itemPut', queue, item },
]

const taken = (item: string | undefined, isSure = true): readonly Observation[] => [
  { type: 'takeBegun', client, queue },
  { type: 'takeEnded', client, queue, item, isSure },
]

const counted = (isSure: boolean): Observation => ({ type: 'counted', client, isSure })

/** A server has these nodes in the end, by path and data. */
function settled(dataByPath: Readonly<Record<string, string>>): Observation {
  const nodes = new Map<string, NodeView>(
    Object.entries(dataByPath).map(([path, data]) => [path, { data } as NodeView]),
  )
  const view = { lastZxid: 9, digest: '', nodes, timeoutMsBySession: new Map() }
  return { type: 'settled', server: 's', isServing: true, view }
}

describe('shared-data', () => {
  it('is content with items that were taken or wait', () => {
    const history = [...put('a'), ...put('b'), ...taken('a'), settled({ '/q/qn-0000000001': 'b' })]
    assert.equal(judged(history), undefined)
  })

  it('finds an item that was taken twice', () => {
    const history = [...put('a'), ...taken('a'), ...taken('a')]
    assert.match(judged(history) ?? '', /a was taken by c and by c/)
    assert.equal(judged([...put('a'), ...taken('a'), ...taken('a', false)]), undefined)
  })

  it('finds an item that nobody has put', () => {
    assert.match(judged(taken('a')) ?? '', /which nobody has put/)
  })

  it('finds an item that is lost, unless a take is in doubt', () => {
    assert.match(judged([...put('a'), settled({})]) ?? '', /1 items of \/q are lost, a the first/)
    const killed: readonly Observation[] = [
      { type: 'takeBegun', client, queue },
      { type: 'dataClientEnded', client },
    ]
    assert.equal(judged([...put('a'), ...killed, settled({})]), undefined)
    assert.equal(judged([...put('a'), ...taken('a', false), settled({})]), undefined)
  })

  it('finds an item that waits though it was taken', () => {
    const history = [...put('a'), ...taken('a'), settled({ '/q/qn-0000000000': 'a' })]
    assert.match(judged(history) ?? '', /a waits in \/q and was taken/)
  })

  it('finds increments that are lost or doubled', () => {
    const counts = [counted(true), counted(true), counted(false)]
    for (const value of ['2', '3'])
      assert.equal(judged([...counts, settled({ '/n': value })]), undefined)
    for (const value of ['1', '4'])
      assert.match(judged([...counts, settled({ '/n': value })]) ?? '', /after 2 to 3 increments/)
  })

  it('finds a copy of what is not there', () => {
    const values = new Map([['/data-recipes/x', '']])
    const copied = { type: 'copied', client, root: '/data-recipes', zxid: 5, values } as const
    assert.match(judged([copied]) ?? '', /has \/data-recipes\/x, which is not there/)
  })
})
