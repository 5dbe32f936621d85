import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpCode, type SessionId } from '@quorate/protocol'
import { AcknowledgedWrites } from '../../src/checkers/acknowledged-writes.ts'
import { AppliedOnce } from '../../src/checkers/applied-once.ts'
import { MultiAtomicity } from '../../src/checkers/multi-atomicity.ts'
import { ReplyOrder } from '../../src/checkers/reply-order.ts'
import { ZxidOrder } from '../../src/checkers/zxid-order.ts'
import type { Observation } from '../../src/history/observation.ts'
import {
  applied,
  connected,
  createBody,
  invoked,
  judged,
  ping,
  proposed,
  recovered,
  replied,
  setBody,
  setX,
  type Subject,
  txnOf,
  verdict,
} from './wrong-history.ts'

const acknowledgedWrites: Subject = (history) => new AcknowledgedWrites(history)
const appliedOnce: Subject = (history) => new AppliedOnce(history)

test('acknowledged-writes: a server may not come back without what a reply has shown', () => {
  const history = [applied(txnOf(1, setBody('/x', 1))), replied(1, 1, setX)]
  assert.equal(judged(acknowledgedWrites, [...history, recovered(1)]), undefined)
  assert.match(judged(acknowledgedWrites, [...history, recovered(0)])!, /came back with 0/)
})

test('acknowledged-writes: what a read has shown counts as well', () => {
  const read = replied(1, 1, { type: 'getData', path: '/x', watch: false })
  const history = [applied(txnOf(1, setBody('/x', 1))), read, recovered(0)]
  assert.match(judged(acknowledgedWrites, history)!, /was shown 1/)
})

test('acknowledged-writes: nothing is shown before it is committed', () => {
  const read = replied(1, 1, { type: 'getData', path: '/x', watch: false })
  const logged = proposed(txnOf(1, setBody('/x', 1)))
  assert.match(judged(acknowledgedWrites, [logged, read])!, /is shown 1 .* not committed/)
  const readOnly = { ...connected(), isReadOnly: true }
  assert.equal(judged(acknowledgedWrites, [logged, readOnly, read]), undefined)
})

test('acknowledged-writes: a reply may not name a transaction of somebody else', () => {
  const other = applied(txnOf(1, setBody('/x', 1), 7))
  assert.match(judged(acknowledgedWrites, [other, replied(1, 1, setX)])!, /request 7/)
  assert.match(judged(acknowledgedWrites, [replied(1, 1, setX)])!, /not there/)
})

test('applied-once: one request has one transaction', () => {
  const history = [applied(txnOf(1, setBody('/x', 1), 5)), applied(txnOf(2, setBody('/x', 2), 5))]
  assert.match(judged(appliedOnce, history)!, /request 5 .* is transaction 1 and again 2/)
})

const names = (...numbers: number[]): Observation[] =>
  numbers.map((number, at) =>
    applied(txnOf(at + 1, createBody(`/queue/item-${String(number).padStart(10, '0')}`))),
  )

test('applied-once: the numbers of sequential names grow', () => {
  assert.equal(judged(appliedOnce, names(1, 2, 5)), undefined)
  assert.match(judged(appliedOnce, names(1, 5, 2))!, /given out after number 5/)
})

test('applied-once: sequential names are given out once, versions grow by one', () => {
  const name = '/queue/item-0000000001'
  const remove = { type: OpCode.delete, path: name }
  const twice = [
    applied(txnOf(1, createBody(name))),
    applied(txnOf(2, remove)),
    applied(txnOf(3, createBody(name))),
  ]
  assert.match(judged(appliedOnce, twice)!, /second time/)
  const jump = [applied(txnOf(1, createBody('/x'))), applied(txnOf(2, setBody('/x', 2)))]
  assert.match(judged(appliedOnce, jump)!, /from 0 to 2/)
})

test('reply-order: replies come in the order of the requests, one for each', () => {
  const asked = [invoked(1, setX), invoked(-2, ping)]
  const right = [...asked, replied(1, 1, setX), replied(-2, 1, ping)]
  assert.equal(verdict(new ReplyOrder(), right), undefined)
  assert.match(verdict(new ReplyOrder(), [...asked, replied(-2, 1, ping)])!, /that to 1 was due/)
  assert.match(verdict(new ReplyOrder(), [...right, replied(1, 1, setX)])!, /none was due/)
})

test('zxid-order: a session never goes back, not even on another connection', () => {
  const history = [replied(1, 5, ping), replied(2, 5, ping)]
  assert.equal(verdict(new ZxidOrder(), history), undefined)
  const back = replied(3, 4, ping, { connection: 2 })
  assert.match(verdict(new ZxidOrder(), [...history, back])!, /saw 4 after 5/)
  const other = { ...back, session: 7n as SessionId }
  assert.equal(verdict(new ZxidOrder(), [...history, other]), undefined)
})

test('multi-atomicity: results are all of success or all of failure', () => {
  const multi = {
    type: 'multi',
    operations: [
      { type: 'delete', path: '/a', version: -1 },
      { type: 'delete', path: '/b', version: -1 },
    ],
  } as const
  const mixed = replied(1, 1, multi, {
    answer: { results: [{ type: 2 }, { type: -1, err: -101 }] },
  })
  assert.match(verdict(new MultiAtomicity(), [mixed])!, /1 of 2 results/)
  const short = replied(1, 1, multi, { answer: { results: [{ type: 2 }] } })
  assert.match(verdict(new MultiAtomicity(), [short])!, /has 1 results/)
})

const halves = (left: string, right: string): Record<string, { data: string }> => ({
  '/pairs/left-0': { data: left },
  '/pairs/right-0': { data: right },
})

test('multi-atomicity: the halves of a pair are equal, after a crash too', () => {
  assert.equal(verdict(new MultiAtomicity(), [recovered(1, halves('61', '61'))]), undefined)
  assert.match(verdict(new MultiAtomicity(), [recovered(1, halves('61', '62'))])!, /unlike/)
})
