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

function told(isUp: boolean, from: number, zxid: number): Observation {
  return { type: 'barrierTold', client, path: barrier, isUp, from, zxid }
}

const entered = (zxid: number): Observation => ({
  type: 'barrierEntered',
  client,
  path,
  memberCount: 2,
  zxid,
})
const left = (from: number, zxid: number): Observation => ({
  type: 'barrierLeft',
  client,
  path,
  session: one,
  from,
  zxid,
})

test('barrier-passages: nobody passes a barrier that stood all the time', () => {
  const history = [create(1, '/x'), create(2, barrier), create(3, '/y'), remove(4, barrier)]
  assert.equal(judged(passages, [...history, told(false, 3, 4)]), undefined)
  assert.equal(judged(passages, [...history, told(false, 1, 3)]), undefined)
  assert.match(judged(passages, [...history, told(false, 2, 3)])!, /is gone, and between 2 and 3/)
  assert.equal(judged(passages, [...history, told(true, 1, 3)]), undefined)
  assert.match(judged(passages, [...history, told(true, 4, 4)])!, /stands, and between 4 and 4/)
})

test('barrier-passages: a double barrier is entered by so many together', () => {
  const both = [create(1, path), create(2, `${path}/a`), create(3, `${path}/b`, two)]
  assert.equal(judged(passages, [...both, remove(4, `${path}/a`), entered(4)]), undefined)
  assert.match(judged(passages, [...both, entered(2)])!, /2 were never in it/)
  const inTurn = [...both.slice(0, 2), remove(3, `${path}/a`), create(4, `${path}/b`, two)]
  assert.match(judged(passages, [...inTurn, entered(4)])!, /2 were never in it/)
  const opened = [...both.slice(0, 2), create(3, `${path}/ready`), entered(3)]
  assert.match(judged(passages, opened)!, /2 were never in it/)
})

test('barrier-passages: a double barrier is left when all others have left', () => {
  const both = [create(1, path), create(2, `${path}/a`), create(3, `${path}/b`, two)]
  assert.equal(judged(passages, [...both, remove(4, `${path}/b`), left(3, 4)]), undefined)
  assert.match(
    judged(passages, [...both, remove(4, `${path}/a`), left(3, 4)])!,
    /others were in it/,
  )
  const late = [...both, remove(4, `${path}/b`), create(5, `${path}/c`, two), left(3, 5)]
  assert.equal(judged(passages, late), undefined)
})
