import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpCode, type TxnBody, utf8Encode } from '@quorate/protocol'
import { KeptNodes } from '../../src/checkers/kept-nodes.ts'
import type { Observation } from '../../src/history/observation.ts'
import { applied, createBody, judged, session, type Subject, txnOf } from './wrong-history.ts'

const keptNodes: Subject = (_history, committed) => new KeptNodes(committed)

const client = 'member1'
const path = '/kept'
const wanted: Observation = {
  type: 'nodeWanted',
  client,
  path,
  value: 'v',
  isEphemeral: true,
}
const leaving: Observation = { type: 'nodeLeaving', client, path }
const left: Observation = { type: 'nodeLeft', client, path, session }
const ended: Observation = { type: 'memberEnded', client }
const rested: Observation = {
  type: 'rested',
  client,
  views: new Map(),
  items: undefined,
  config: undefined,
}

function create(zxid: number, value = 'v'): Observation {
  const body = { ...createBody(path, true), data: Uint8Array.from(utf8Encode(value)) } as TxnBody
  return applied(txnOf(zxid, body))
}

const remove = (zxid: number): Observation => applied(txnOf(zxid, { type: OpCode.delete, path }))
const held = (zxid: number, value = 'v'): Observation => ({
  type: 'nodeHeld',
  client,
  path,
  value,
  zxid,
})

test('kept-nodes: a node that is said to hold a value has held it by then', () => {
  assert.equal(judged(keptNodes, [wanted, create(1), remove(2), held(2)]), undefined)
  assert.match(judged(keptNodes, [wanted, held(0)])!, /it never did/)
  assert.match(judged(keptNodes, [wanted, create(1, 'other'), held(1)])!, /it never did/)
  assert.match(judged(keptNodes, [wanted, create(1), held(0)])!, /it never did/)
})

test('kept-nodes: a node that is said to be gone is gone, and stays so', () => {
  const gone = [wanted, create(1), leaving, remove(2), left]
  assert.equal(judged(keptNodes, gone), undefined)
  assert.match(judged(keptNodes, [wanted, create(1), leaving, left])!, /it is there since 1/)
  assert.match(judged(keptNodes, [...gone, create(3), rested])!, /which has given it up/)
  assert.equal(judged(keptNodes, [...gone, wanted, create(3), rested]), undefined)
})

test('kept-nodes: in the end what is wanted is there, with its last value', () => {
  assert.equal(judged(keptNodes, [wanted, create(1), rested]), undefined)
  assert.match(judged(keptNodes, [wanted, create(1), remove(2), rested])!, /not there in the end/)
  assert.match(judged(keptNodes, [wanted, create(1, 'old'), rested])!, /it holds old in the end/)
})

test('kept-nodes: in the end nothing is there of a process that is gone', () => {
  assert.match(judged(keptNodes, [wanted, create(1), ended, rested])!, /does not keep it any more/)
  assert.equal(judged(keptNodes, [wanted, create(1), ended, remove(2), rested]), undefined)
})
