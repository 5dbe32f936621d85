import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpCode, type SessionId } from '@quorate/protocol'
import { BarrierPassages } from '../../src/checkers/barrier-passages.ts'
import type { Observation } from '../../src/history/observation.ts'
import { applied, createBody, judged, type Subject, txnOf } from './wrong-history.ts'

const passages: Subject = (_history, committed) => new BarrierPassages(committed, { root: '/d' })

const client = 'member1'
const one = 1n as SessionId
const two = 2n as SessionId
const barrier = '/b'
const path = '/d/1'

const create = (zxid: number, at: string, session = one): Observation =>
  applied(txnOf(zxid, createBody(at, true), 0, session))
const remove = (zxid: number, at: string): Observation =>
  applied(txnOf(zxid, { type: OpCode.delete, path: at }))

function told(isUp: boolean, from: number): Observation {
  return { type: 'barrierTold', client, path: barrier, isUp, from }
}

const entered: Observation = { type: 'barrierEntered', client, path, memberCount: 2 }
const left: Observation = { type: 'barrierLeft', client, path, session: one, from: 3 }

test('barrier-passages: nobody passes a barrier that stood all the time', () => {
  const up = [create(1, '/x'), create(2, barrier), create(3, '/y')]
  const history = [...up, remove(4, barrier)]
  assert.equal(judged(passages, [...history, told(false, 3)]), undefined)
  assert.equal(judged(passages, [...up, told(false, 1)]), undefined)
  assert.match(judged(passages, [...up, told(false, 2)])!, /is gone, and between 2 and 3/)
  assert.equal(judged(passages, [...up, told(true, 1)]), undefined)
  assert.match(judged(passages, [...history, told(true, 4)])!, /stands, and between 4 and 4/)
})

test('barrier-passages: a double barrier is entered by so many together', () => {
  const both = [create(1, path), create(2, `${path}/a`), create(3, `${path}/b`, two)]
  assert.equal(judged(passages, [...both, remove(4, `${path}/a`), entered]), undefined)
  assert.match(judged(passages, [...both.slice(0, 2), entered])!, /2 were never in it/)
  const inTurn = [...both.slice(0, 2), remove(3, `${path}/a`), create(4, `${path}/b`, two)]
  assert.match(judged(passages, [...inTurn, entered])!, /2 were never in it/)
  const opened = [...both.slice(0, 2), create(3, `${path}/ready`), entered]
  assert.match(judged(passages, opened)!, /2 were never in it/)
})

test('barrier-passages: a double barrier is left when all others have left', () => {
  const both = [create(1, path), create(2, `${path}/a`), create(3, `${path}/b`, two)]
  assert.equal(judged(passages, [...both, remove(4, `${path}/b`), left]), undefined)
  assert.match(judged(passages, [...both, remove(4, `${path}/a`), left])!, /others were in it/)
  const late = [...both, remove(4, `${path}/b`), create(5, `${path}/c`, two), left]
  assert.equal(judged(passages, late), undefined)
})
