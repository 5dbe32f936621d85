import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpCode, type TxnBody } from '@quorate/protocol'
import { EphemeralOwners } from '../../src/checkers/ephemeral-owners.ts'
import { Liveness } from '../../src/checkers/liveness.ts'
import { ServerFailures } from '../../src/checkers/server-failures.ts'
import { SessionLifetimes } from '../../src/checkers/session-lifetimes.ts'
import type { Observation } from '../../src/history/observation.ts'
import { TxnHistory } from '../../src/history/txn-history.ts'
import {
  applied,
  connected,
  createBody,
  createSessionBody,
  judged,
  proposed,
  recovered,
  replied,
  session,
  setX,
  statOf,
  type Subject,
  txnOf,
  verdict,
} from './wrong-history.ts'

const ephemeralOwners: Subject = (history) => new EphemeralOwners(history)

function closing(...paths2Delete: string[]): TxnBody {
  return { type: OpCode.closeSession, paths2Delete }
}

const alive = applied(txnOf(1, createSessionBody, 0))
const withMember = [alive, applied(txnOf(2, createBody('/m', true)))]

test('ephemeral-owners: only a session that is alive creates an ephemeral', () => {
  assert.equal(judged(ephemeralOwners, withMember), undefined)
  assert.match(
    judged(ephemeralOwners, [applied(txnOf(1, createBody('/m', true)))])!,
    /is not alive/,
  )
  const late = [
    ...withMember,
    applied(txnOf(3, closing('/m'))),
    applied(txnOf(4, createBody('/n', true))),
  ]
  assert.match(judged(ephemeralOwners, late)!, /creates the ephemeral \/n at 4/)
})

test('ephemeral-owners: the end of a session removes its ephemerals, and no others', () => {
  assert.equal(
    judged(ephemeralOwners, [...withMember, applied(txnOf(3, closing('/m')))]),
    undefined,
  )
  assert.match(
    judged(ephemeralOwners, [...withMember, applied(txnOf(3, closing()))])!,
    /leaves \/m/,
  )
  assert.match(
    judged(ephemeralOwners, [...withMember, applied(txnOf(3, closing('/m', '/n')))])!,
    /removes \/n, which belongs to nobody/,
  )
})

test('ephemeral-owners: nobody is shown an ephemeral of a session that is over', () => {
  const stat = statOf({ ephemeralOwner: session })
  const read = { type: 'getData', path: '/m', watch: false } as const
  const history = [...withMember, applied(txnOf(3, closing('/m')))]
  const before = replied(1, 2, read, { answer: { stat } })
  const after = replied(1, 3, read, { answer: { stat } })
  assert.equal(judged(ephemeralOwners, [...history, before]), undefined)
  assert.match(judged(ephemeralOwners, [...history, after])!, /is shown an ephemeral/)
  assert.match(
    judged(ephemeralOwners, [recovered(3, { '/m': { owner: session } })])!,
    /which it does not know/,
  )
})

test('session-lifetimes: a session is given up after its timeout only, counted from what arrived last', () => {
  const arrived: Observation = { type: 'arrived', isFromDialler: true, connection: 1 }
  const expiry = proposed(txnOf(1, closing(), 0))
  const checker = new SessionLifetimes(new TxnHistory())
  checker.observe(connected(1, 400), 0)
  checker.observe(arrived, 100_000)
  checker.observe({ ...arrived, isFromDialler: false }, 450_000)
  assert.equal(
    checker.observe(proposed(txnOf(1, closing(), 5)), 200_000),
    undefined,
    'its own wish',
  )
  assert.match(checker.observe(expiry, 497_000)!, /after 397 ms of silence/)
  assert.equal(checker.observe(expiry, 500_000), undefined)
})

const leads = (server: string): Observation => ({
  type: 'termStarted',
  server,
  role: 'leading',
  epoch: 1,
  lastZxid: 0,
})

test('session-lifetimes: with a term all timeouts begin anew', () => {
  const checker = new SessionLifetimes(new TxnHistory())
  const expiry = proposed(txnOf(1, closing(), 0))
  checker.observe(connected(1, 400), 0)
  checker.observe({ ...leads('server1') }, 1_000_000)
  assert.match(checker.observe(expiry, 1_397_000)!, /after it has led for 397 ms/)
  assert.equal(checker.observe({ ...expiry, server: 'server2' }, 1_399_000), undefined, 'a learner')
  assert.equal(checker.observe(expiry, 1_400_000), undefined)
})

test('session-lifetimes: what reached a learner only may be lost on its way to the leader', () => {
  const checker = new SessionLifetimes(new TxnHistory())
  checker.observe(leads('server2'), 0)
  checker.observe(connected(1, 400), 0)
  checker.observe({ type: 'arrived', isFromDialler: true, connection: 1 }, 900_000)
  const expiry = { ...proposed(txnOf(1, closing(), 0)), server: 'server2' }
  assert.equal(checker.observe(expiry, 1_000_000), undefined)
})

test('session-lifetimes: without faults what reached a learner keeps a session alive', () => {
  const expiry = { ...proposed(txnOf(1, closing(), 0)), server: 'server2' }
  const expiryAfter = (learnsSinceUs: number, heardAtUs: number): string | undefined => {
    const checker = new SessionLifetimes(new TxnHistory())
    checker.observe(leads('server2'), 0)
    checker.observe({ ...leads('server1'), role: 'following' } as Observation, learnsSinceUs)
    checker.observe(connected(1, 2_000), 0)
    checker.observe({ type: 'faultsEnded', clients: [] }, 1_000)
    checker.observe({ type: 'arrived', isFromDialler: true, connection: 1 }, heardAtUs)
    return checker.observe(expiry, 10_000_000)
  }
  assert.match(expiryAfter(0, 9_000_000)!, /which server1 had heard of 1000 ms before/)
  assert.equal(expiryAfter(0, 7_900_000), undefined, 'too long ago')
  assert.equal(expiryAfter(0, 9_700_000), undefined, 'on its way to the leader')
  assert.equal(expiryAfter(8_500_000, 9_000_000), undefined, 'a server that has just come')
})

test('session-lifetimes: a session that is silent is gone in the end', () => {
  const history = new TxnHistory()
  const checker = new SessionLifetimes(history)
  const created = txnOf(1, { type: OpCode.createSession, timeOut: 400 }, 0)
  history.commit(history.add(history.root, created, undefined))
  checker.observe(leads('server1'), 0)
  const { view } = recovered(1)
  const settled: Observation = { type: 'settled', server: 'server1', isServing: true, view }
  assert.equal(checker.observe(settled, 2_000_000), undefined)
  assert.match(checker.observe(settled, 60_000_000)!, /still there after 60000 ms/)
})

const failed = (code: string): Observation => ({
  type: 'serverFailed',
  server: 'server1',
  phase: 'recovering',
  code,
  message: 'it is so',
})

test('server-failures: a disk that fails is a reason to end, and nothing else is', () => {
  assert.equal(verdict(new ServerFailures(), [failed('EIO'), failed('ENOSPC')]), undefined)
  assert.match(verdict(new ServerFailures(), [failed('LOG_DAMAGED')])!, /LOG_DAMAGED: it is so/)
})

test('liveness: every client has a write or a barrier answered in time', () => {
  const ended: Observation = { type: 'faultsEnded', clients: ['client1', 'client2', 'client3'] }
  const checker = new Liveness(100)
  assert.equal(checker.observe(ended, 0), undefined)
  const synced = { ...replied(1, 1, { type: 'sync', path: '/x' }), client: 'client3' }
  assert.equal(checker.observe(synced, 40_000), undefined)
  assert.equal(checker.observe(replied(1, 1, setX), 50_000), undefined)
  assert.equal(checker.observe(connected(), 100_000), undefined)
  assert.match(checker.observe(connected(), 101_000)!, /for client2/)
})
