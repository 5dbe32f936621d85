import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpCode } from '@quorate/protocol'
import { SessionRefusals } from '../../src/checkers/session-refusals.ts'
import type { Observation } from '../../src/history/observation.ts'
import { connected, proposed, session, txnOf, verdict } from './wrong-history.ts'

const begun = [proposed(txnOf(1, { type: OpCode.createSession, timeOut: 1_000 }, 0)), connected()]
const refused: Observation = { type: 'refused', client: 'client1', session, isReadOnly: false }

test('session-refusals: a session is over once its end was proposed, and not before', () => {
  const end = proposed(txnOf(2, { type: OpCode.closeSession, paths2Delete: [] }, 0))
  assert.equal(verdict(new SessionRefusals(), [...begun, end, refused]), undefined)
  assert.match(verdict(new SessionRefusals(), [...begun, refused])!, /nobody has proposed/)
})

test('session-refusals: a session that no server has confirmed may be unknown', () => {
  assert.equal(verdict(new SessionRefusals(), [refused]), undefined)
})

test('session-refusals: a read-only server may not know of a session', () => {
  const readOnly: Observation = { ...refused, isReadOnly: true }
  assert.equal(verdict(new SessionRefusals(), [...begun, readOnly]), undefined)
})
