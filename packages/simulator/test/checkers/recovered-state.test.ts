import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode, purePlatform, txn as txnCodec, type Txn } from '@quorate/protocol'
import { Tree } from '@quorate/tree'
import { RecoveredState } from '../../src/checkers/recovered-state.ts'
import type { Observation } from '../../src/history/observation.ts'
import { type TreeView, viewTree } from '../../src/history/tree-view.ts'
import {
  applied,
  createBody,
  createSessionBody,
  judged,
  setBody,
  type Subject,
  txnOf,
} from './wrong-history.ts'

const recoveredState: Subject = (_history, committed) => new RecoveredState(committed)

const history: readonly Txn[] = [
  txnOf(1, createSessionBody, 0),
  txnOf(2, createBody('/x')),
  txnOf(3, setBody('/x', 1)),
]

function viewOf(txns: readonly Txn[]): TreeView {
  const tree = new Tree({ platform: purePlatform, extendedTypesEnabled: true })
  tree.createSystemNodes()
  for (const txn of txns) {
    const bytes = encode(txnCodec, txn)
    tree.apply(bytes, 0, bytes.length)
  }
  return viewTree(tree)
}

function verdictOf(view: TreeView): string | undefined {
  const end: Observation = { type: 'recovered', server: 'server1', view }
  return judged(recoveredState, [...history.map((txn) => applied(txn)), end])
}

test('recovered-state: what the history makes of an empty tree is right', () => {
  assert.equal(verdictOf(viewOf(history)), undefined)
})

test('recovered-state: an older state is judged by its digest', () => {
  const older = viewOf(history.slice(0, 2))
  assert.equal(verdictOf(older), undefined)
  assert.match(verdictOf({ ...older, digest: '1:2' })!, /wrong tree at 2: its digest is 1:2/)
})

const told = (digest: string): Observation => ({
  type: 'digest',
  server: 'server2',
  zxid: 3,
  digest,
})

test('recovered-state: a state that is not yet committed is judged once it is', () => {
  const [first, second, third] = history.map((txn) => applied(txn))
  const { digest } = viewOf(history)
  assert.equal(judged(recoveredState, [first, second, told(digest), third]), undefined)
  assert.match(
    judged(recoveredState, [first, second, told('1:2'), third])!,
    /server2 has a wrong tree at 3/,
  )
  assert.match(
    judged(recoveredState, [first, second, told('1:2'), told(digest)])!,
    /expected is 1:2/,
    'two servers that differ',
  )
})

test('recovered-state: in the end every server that serves has the whole history', () => {
  const settled = (view: TreeView, isServing = true): Observation[] => [
    ...history.map((txn) => applied(txn)),
    { type: 'settled', server: 'server2', isServing, view },
  ]
  const older = viewOf(history.slice(0, 2))
  assert.equal(judged(recoveredState, settled(viewOf(history))), undefined)
  assert.match(judged(recoveredState, settled(older))!, /server2 ends with 2/)
  assert.equal(judged(recoveredState, settled(older, false)), undefined)
})

test('recovered-state: every field of every node is right, and no node is missing or too many', () => {
  const view = viewOf(history)
  const changed = new Map(view.nodes).set('/x', { ...view.nodes.get('/x')!, version: 2 })
  assert.match(verdictOf({ ...view, nodes: changed })!, /version of \/x is 2; expected is 1/)
  const fewer = new Map([...view.nodes].slice(0, 1))
  assert.match(verdictOf({ ...view, nodes: fewer })!, /\/x is missing/)
  const more = new Map(view.nodes).set('/y', view.nodes.get('/x')!)
  assert.match(verdictOf({ ...view, nodes: more })!, /\/y is there/)
})

test('recovered-state: sessions and the digest are right', () => {
  const view = viewOf(history)
  assert.match(verdictOf({ ...view, timeoutMsBySession: new Map() })!, /session 256/)
  assert.match(verdictOf({ ...view, digest: '1:2' })!, /its digest is 1:2/)
})

test('recovered-state: a transaction whose digest is not the tree’s is told', () => {
  const wrong = { ...txnOf(1, createBody('/x')), digest: { version: 2, treeDigest: 5n } }
  assert.match(judged(recoveredState, [applied(wrong)])!, /digest of transaction 1/)
})
