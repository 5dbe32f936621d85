import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode, type Stat } from '@quorate/protocol'
import { ReadState } from '../../src/checkers/read-state.ts'
import { RealTimeOrder } from '../../src/checkers/real-time-order.ts'
import type { Answer, Operation } from '../../src/client/operation.ts'
import type { Observation } from '../../src/history/observation.ts'
import {
  applied,
  connected,
  createBody,
  invoked,
  judged,
  replied,
  setBody,
  setX,
  statOf,
  type Subject,
  txnOf,
  verdict,
} from './wrong-history.ts'

const readState: Subject = (_history, committed) => new ReadState(committed)
const get: Operation = { type: 'getData', path: '/x', watch: false }
const list: Operation = { type: 'getChildren', path: '/x', watch: false }

const history = [
  applied(txnOf(1, createBody('/x'))),
  applied(txnOf(2, setBody('/x', 1))),
  applied(txnOf(3, createBody('/x/y'))),
]

const stat = (fields: Partial<Stat>): Stat =>
  statOf({ czxid: 1, mzxid: 2, pzxid: 1, ctime: 1_001, mtime: 1_002, version: 1, ...fields })

function reads(
  zxid: number,
  operation: Operation,
  answer: Answer,
  err: number = ErrorCode.Ok,
): string | undefined {
  return judged(readState, [...history, replied(1, zxid, operation, { answer, err })])
}

test('read-state: a read shows the node as it was at the zxid of the reply', () => {
  assert.equal(reads(2, get, { data: '', stat: stat({}) }), undefined)
  assert.match(reads(2, get, { data: 'a', stat: stat({}) })!, /the data of \/x is a/)
  assert.match(reads(1, get, { data: '', stat: stat({}) })!, /mzxid of \/x is 2 and should be 1/)
  assert.match(reads(3, get, { stat: stat({ pzxid: 3 }) })!, /1 children; 0 are told of/)
  const late = stat({ pzxid: 3, numChildren: 1 })
  assert.match(reads(3, get, { stat: late })!, /cversion of \/x is 0 and should be 1/)
  assert.equal(reads(3, get, { stat: { ...late, cversion: 1 } }), undefined)
})

const shown = (text: string, bytes: readonly number[]): string | undefined =>
  judged(readState, [
    ...history.slice(0, 1),
    applied(txnOf(2, setBody('/x', 1, Uint8Array.from(bytes)))),
    replied(1, 2, get, { answer: { data: text } }),
  ])

test('read-state: data are compared as bytes, whatever text they are', () => {
  assert.equal(shown('ab', [0x61, 0x62]), undefined)
  assert.equal(shown('aé', [0x61, 0xc3, 0xa9]), undefined)
  assert.match(shown('é', [0xe9])!, /the data of \/x is é/)
  assert.match(shown('a', [0x61, 0x62])!, /the data of \/x is a/)
  assert.match(shown('abc', [0x61, 0x62])!, /the data of \/x is abc/)
})

test('read-state: a node is found exactly when it is there', () => {
  assert.match(reads(1, get, {}, ErrorCode.NoNode)!, /\/x is there since 1/)
  assert.equal(reads(0, get, {}, ErrorCode.NoNode), undefined)
  assert.match(reads(0, get, { data: '' })!, /is shown and is not there/)
})

test('read-state: a list of children names those that were there', () => {
  assert.equal(reads(3, list, { children: ['y'] }), undefined)
  assert.match(reads(2, list, { children: ['y'] })!, /with 1 children and has 0/)
  assert.match(reads(3, list, { children: ['z'] })!, /no child z/)
})

const at = (connection: number): { readonly connection: number } => ({ connection })
const clients = [connected(1), connected(2)]
const inTime = (...more: Observation[]): string | undefined =>
  verdict(new RealTimeOrder(), [...clients, ...more])

test('real-time-order: a write comes behind all that had been shown when it was asked for', () => {
  const first = [invoked(1, setX), replied(1, 5, setX)]
  const second = invoked(1, setX, 2)
  assert.equal(inTime(...first, second, replied(1, 6, setX, at(2))), undefined)
  assert.match(inTime(...first, second, replied(1, 5, setX, at(2)))!, /when 5 had been shown/)
  assert.equal(inTime(second, ...first, replied(1, 4, setX, at(2))), undefined, 'at the same time')
})

test('real-time-order: a linearizable read and a sync are not stale, an ordinary read may be', () => {
  const write = [invoked(1, setX), replied(1, 5, setX)]
  const asks = (operation: Operation): string | undefined =>
    inTime(...write, invoked(1, operation, 2), replied(1, 4, operation, at(2)))
  assert.match(asks({ ...get, isLinearizable: true })!, /asked for getData 1 when 5/)
  assert.match(asks({ type: 'sync', path: '/' })!, /asked for sync/)
  assert.equal(asks(get), undefined)
})
