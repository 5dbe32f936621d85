import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpCode, type SessionId } from '@quorate/protocol'
import { PartitionShares } from '../../src/checkers/partition-shares.ts'
import type { Observation } from '../../src/history/observation.ts'
import {
  applied,
  createBody,
  createSessionBody,
  judged,
  type Subject,
  txnOf,
} from './wrong-history.ts'

const shares: Subject = (_history, committed) =>
  new PartitionShares(committed, { path: '/p', items: ['x', 'y'] })

const one = 1n as SessionId
const two = 2n as SessionId
const nodeOf = (item: string, number: number): string =>
  `/p/locks/${item}/id__lock__${String(number).padStart(10, '0')}`

/** Sessions one and two, and who of them stands in which line, first come first. */
function lines(
  ...standing: readonly (readonly [item: string, session: SessionId])[]
): Observation[] {
  const sessions = [one, two].map((session, at) =>
    applied(txnOf(at + 1, createSessionBody, 0, session)),
  )
  const nodes = standing.map(([item, session], at) =>
    applied(txnOf(at + 3, createBody(nodeOf(item, at), true), 0, session)),
  )
  return [...sessions, ...nodes]
}

function taken(client: string, session: SessionId, item: string, zxid: number): Observation {
  return { type: 'shareTaken', client, session, items: [item], zxid }
}

function rested(client: string, items: readonly string[] | undefined): Observation {
  return { type: 'rested', client, views: new Map(), items, config: undefined }
}

const ended: Observation = { type: 'ended' }

test('partition-shares: who is given an item is first in the line for its lock', () => {
  const history = lines(['x', one], ['x', two])
  assert.equal(judged(shares, [...history, taken('a', one, 'x', 4)]), undefined)
  assert.match(judged(shares, [...history, taken('b', two, 'x', 4)])!, /without being first/)
  assert.match(judged(shares, [...history, taken('a', one, 'y', 4)])!, /without being first/)
})

test('partition-shares: nobody is given what another one has not given back', () => {
  const start = [...lines(['x', one], ['x', two]), taken('a', one, 'x', 4)]
  const removal = applied(txnOf(5, { type: OpCode.delete, path: nodeOf('x', 0) }))
  const late = taken('b', two, 'x', 5)
  assert.match(judged(shares, [...start, removal, late])!, /which a has not given back/)
  const back: Observation = { type: 'shareEnded', client: 'a' }
  assert.equal(judged(shares, [...start, back, removal, late]), undefined)
  const over = applied(
    txnOf(5, { type: OpCode.closeSession, paths2Delete: [nodeOf('x', 0)] }, 0, one),
  )
  assert.equal(judged(shares, [...start, over, late]), undefined)
})

test('partition-shares: in the end each item is in exactly one share', () => {
  const right = [rested('a', ['x']), rested('b', ['y']), rested('c', undefined), ended]
  assert.equal(judged(shares, right), undefined)
  assert.equal(judged(shares, [rested('a', undefined), ended]), undefined)
  assert.match(judged(shares, [rested('a', ['x']), ended])!, /y is in the shares of 0/)
  const both = [rested('a', ['x', 'y']), rested('b', ['y']), ended]
  assert.match(judged(shares, both)!, /y is in the shares of 2 in the end: a, b/)
})
