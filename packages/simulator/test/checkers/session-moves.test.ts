import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpCode, type Txn } from '@quorate/protocol'
import { SessionMoves } from '../../src/checkers/session-moves.ts'
import type { Observation } from '../../src/history/observation.ts'
import { TxnHistory } from '../../src/history/txn-history.ts'
import { client, connected, createBody, proposed, session, setX, txnOf } from './wrong-history.ts'

const leads: Observation = {
  type: 'termStarted',
  server: 'server1',
  role: 'leading',
  epoch: 1,
  lastZxid: 0,
}
const asked: Observation = { type: 'invoked', ...client, xid: 7, operation: setX }
const moved: Observation = { ...connected(), connection: 2 } as Observation

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
  assert.equal(outcome([], txnOf(1, createBody('/x'), 7)), undefined)
  assert.match(outcome([moved], txnOf(1, createBody('/x'), 7))!, /that the session had left/)
  assert.equal(outcome([moved], txnOf(1, { type: OpCode.error, err: -118 }, 7)), undefined)
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
