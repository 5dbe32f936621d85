import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode, OpCode, type SessionId } from '@quorate/protocol'
import { WriteOutcomes } from '../../src/checkers/write-outcomes.ts'
import type { Operation, Outcome } from '../../src/client/operation.ts'
import type { Observation } from '../../src/history/observation.ts'
import { applied, judged, recovered, replied, txnOf } from './wrong-history.ts'

const setX: Operation = { type: 'setData', path: '/x', data: 'v', version: -1 }
const question = { type: 'outcomes', questions: [] } as const

function judge(...observations: readonly Observation[]): string | undefined {
  return judged((history) => new WriteOutcomes(history), observations)
}

function told(outcome: Outcome): Observation {
  return replied(100, 3, question, { answer: { outcomes: [outcome] } })
}

function happened(zxid: number, cxid: number, err?: number): Observation {
  const body =
    err === undefined
      ? ({ type: OpCode.delete, path: '/x' } as const)
      : ({ type: OpCode.error, err } as const)
  return applied(txnOf(zxid, body, cxid))
}

function appliedAt(xid: number, zxid: number, err = 0): Outcome {
  return { xid, state: 'applied', zxid, err, operation: setX, answer: {} }
}

test('write-outcomes: what was applied is the transaction that the server names', () => {
  assert.equal(judge(recovered(0), happened(1, 7), told(appliedAt(7, 1))), undefined)
  assert.match(judge(recovered(0), happened(1, 7), told(appliedAt(8, 1)))!, /which it is not/)
  assert.match(judge(recovered(0), told(appliedAt(8, 1)))!, /which it is not/)
  const failed = happened(1, 7, ErrorCode.NoNode)
  assert.equal(judge(recovered(0), failed, told(appliedAt(7, 1, ErrorCode.NoNode))), undefined)
  assert.match(judge(recovered(0), failed, told(appliedAt(7, 1)))!, /ended with/)
})

test('write-outcomes: what was never applied is no transaction, then and ever after', () => {
  const never = told({ xid: 7, state: 'neverApplied' })
  assert.equal(judge(recovered(0), happened(1, 6), never, happened(2, 8)), undefined)
  assert.match(judge(recovered(0), happened(1, 7), never)!, /and it is the transaction 1/)
  assert.match(judge(recovered(0), never, happened(1, 7))!, /and now it is the transaction 1/)
  for (const err of [ErrorCode.SessionMoved, ErrorCode.SessionExpired, ErrorCode.BadArguments])
    assert.equal(judge(recovered(0), never, happened(1, 7, err)), undefined)
  const failed = happened(1, 7, ErrorCode.NoNode)
  assert.match(judge(recovered(0), never, failed)!, /and now it is the transaction 1/)
})

test('write-outcomes: of a session that is over another one is told the same', () => {
  const lost = 0x200n as SessionId
  const body = { type: OpCode.delete, path: '/x' } as const
  const ended = { id: lost, passwd: null }
  const ask = (outcome: Outcome): Observation =>
    replied(100, 3, { ...question, ended }, { answer: { outcomes: [outcome] } })
  const happenedThere = applied(txnOf(1, body, 7, lost))
  const never = ask({ xid: 7, state: 'neverApplied' })
  assert.equal(judge(recovered(0), happenedThere, ask(appliedAt(7, 1))), undefined)
  assert.match(judge(recovered(0), happenedThere, never)!, /and it is the transaction 1/)
  assert.match(judge(recovered(0), never, happenedThere)!, /and now it is the transaction 1/)
  assert.equal(judge(recovered(0), never, happened(1, 7)), undefined)
})

test('write-outcomes: a server may say that it does not know', () => {
  for (const state of ['unknown', 'undecided'] as const)
    assert.equal(judge(recovered(0), happened(1, 7), told({ xid: 7, state })), undefined)
})
