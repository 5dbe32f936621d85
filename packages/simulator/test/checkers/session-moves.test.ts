import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpCode, type Txn } from '@quorate/protocol'
import { SessionMoves } from '../../src/checkers/session-moves.ts'
import type { Observation } from '../../src/history/observation.ts'
import { TxnHistory } from '../../src/history/txn-history.ts'
import {
  client,
  connected,
  createBody,
  createSessionBody,
  proposed,
  session,
  setX,
  txnOf,
} from './wrong-history.ts'

const leads: Observation = {
  type: 'termStarted',
  server: 'server1',
  role: 'leading',
  epoch: 1,
  lastZxid: 0,
}
const asked: Observation = { type: 'invoked', ...client, xid: 7, operation: setX }
const created = proposed(txnOf(1, createSessionBody, 0))
const moved: Observation = connected(2)
const movedElsewhere = { ...moved, server: 'server2' } as Observation

/** What is said when the transaction that follows these observations is committed. */
function outcome(before: readonly Observation[], txn: Txn): string | undefined {
  const history = new TxnHistory()
  const checker = new SessionMoves(history)
  for (const observation of [leads, connected(), asked, ...before, proposed(txn)])
    assert.equal(checker.observe(observation, 0), undefined, 'it is not yet committed')
  history.commit(history.add(history.root, txn, undefined))
  return checker.observe(leads, 0)
}

test('session-moves: what was asked for on a connection that the session has left is not carried out', () => {
  const carriedOut = txnOf(2, createBody('/x'), 7)
  assert.equal(outcome([created], carriedOut), undefined)
  assert.match(outcome([created, moved], carriedOut)!, /that the session had left/)
  assert.match(outcome([created, movedElsewhere], carriedOut)!, /that the session had left/)
  const refused = txnOf(2, { type: OpCode.error, err: -118 }, 7)
  assert.equal(outcome([created, moved], refused), undefined)
})

test('session-moves: what a local session asked its server for may be carried out after it came back there', () => {
  const carriedOut = txnOf(2, createBody('/x'), 7)
  assert.equal(outcome([moved], carriedOut), undefined)
  assert.match(outcome([movedElsewhere], carriedOut)!, /that the session had left/)
  assert.match(outcome([moved, created], carriedOut)!, /that the session had left/, 'upgraded')
})

test('session-moves: a session that is long over is given to nobody', () => {
  const history = new TxnHistory()
  const checker = new SessionMoves(history)
  checker.observe(connected(), 0)
  const end = txnOf(1, { type: OpCode.closeSession, paths2Delete: [] }, 0)
  history.commit(history.add(history.root, end, undefined))
  checker.observe(leads, 1_000)
  assert.equal(checker.observe(connected(), 2_000_000), undefined)
  assert.match(checker.observe(connected(), 4_000_000)!, new RegExp(`session ${session}`))
})
