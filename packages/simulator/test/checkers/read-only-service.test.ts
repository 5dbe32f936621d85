import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode, OpCode, type SessionId } from '@quorate/protocol'
import { ReadOnlyService } from '../../src/checkers/read-only-service.ts'
import { ReadState } from '../../src/checkers/read-state.ts'
import type { Operation } from '../../src/client/operation.ts'
import type { Observation } from '../../src/history/observation.ts'
import {
  applied,
  connected,
  createBody,
  judged,
  proposed,
  replied,
  setX,
  type Subject,
  txnOf,
} from './wrong-history.ts'

const service: Subject = (history) => new ReadOnlyService(history)
const readState: Subject = (_history, committed) => new ReadState(committed)
const isReadOnly = { ...connected(), isReadOnly: true } as Observation
const get: Operation = { type: 'getData', path: '/x', watch: false }
const history = [applied(txnOf(1, createBody('/x'))), isReadOnly]
const judge = (...more: Observation[]): string | undefined => judged(service, [...history, ...more])
const refused = { err: ErrorCode.NotReadOnly }

test('read-only-service: what is more than a read is refused', () => {
  assert.equal(judge(replied(1, 1, setX, refused)), undefined)
  assert.match(judge(replied(1, 1, setX))!, /is answered 1 \(setData\) with 0 by server1/)
  assert.match(judge(replied(1, 1, { type: 'sync', path: '/x' }))!, /\(sync\) with 0/)
  const proof: Operation = { ...get, isLinearizable: true }
  assert.match(judge(replied(1, 1, proof))!, /\(getData\) with 0/)
  assert.equal(judge(replied(1, 1, get)), undefined)
})

test('read-only-service: a connection shows one state, which is in a log', () => {
  const later = applied(txnOf(2, createBody('/y')))
  assert.match(judge(later, replied(1, 1, get), replied(2, 2, get))!, /is shown 1 and then 2/)
  assert.match(judge(replied(1, 7, get))!, /is shown 7 by server1, which nobody logged/)
})

const created = (session: SessionId): Observation =>
  applied(txnOf(2, { type: OpCode.createSession, timeOut: 1_000 }, 0, session))

test('read-only-service: no transaction knows its sessions', () => {
  const other = 0x200n as SessionId
  const mine = 0x100n as SessionId
  assert.equal(judge(created(other)), undefined)
  assert.match(judge(created(mine))!, /2 is about session 256, which server1 gave/)
})

const shows = (data: string, ...more: Observation[]): string | undefined =>
  judged(readState, [...history, ...more, replied(1, 1 + more.length, get, { answer: { data } })])

test('read-state: a read-only server shows what was committed, and anything where its log goes on', () => {
  assert.equal(shows(''), undefined)
  assert.match(shows('other')!, /the data of \/x is other/)
  const elsewhere = proposed(txnOf(2, createBody('/y')))
  assert.match(shows('other', elsewhere)!, /the data of \/x is other/)
  const there = proposed(txnOf(2, { type: OpCode.delete, path: '/x' }))
  assert.equal(shows('other', there), undefined)
})
