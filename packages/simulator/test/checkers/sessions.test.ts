import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpCode, type TxnBody } from '@quorate/protocol'
import { EphemeralOwners } from '../../src/checkers/ephemeral-owners.ts'
import { Liveness } from '../../src/checkers/liveness.ts'
import { ServerFailures } from '../../src/checkers/server-failures.ts'
import { SessionLifetimes } from '../../src/checkers/session-lifetimes.ts'
import type { Observation } from '../../src/history/observation.ts'
import {
  applied,
  connected,
  createBody,
  createSessionBody,
  proposed,
  recovered,
  replied,
  session,
  setX,
  statOf,
  txnOf,
  verdict,
} from './wrong-history.ts'

function closing(...paths2Delete: string[]): TxnBody {
  return { type: OpCode.closeSession, paths2Delete }
}

const alive = applied(txnOf(1, createSessionBody, 0))
const withMember = [alive, applied(txnOf(2, createBody('/m', true)))]

test('ephemeral-owners: only a session that is alive creates an ephemeral', () => {
  assert.equal(verdict(new EphemeralOwners(), withMember), undefined)
  assert.match(verdict(new EphemeralOwners(), withMember.slice(1))!, /is not alive/)
  const late = [
    ...withMember,
    applied(txnOf(3, closing('/m'))),
    applied(txnOf(4, createBody('/n', true))),
  ]
  assert.match(verdict(new EphemeralOwners(), late)!, /creates the ephemeral \/n at 4/)
})

test('ephemeral-owners: the end of a session removes its ephemerals, and no others', () => {
  assert.equal(
    verdict(new EphemeralOwners(), [...withMember, applied(txnOf(3, closing('/m')))]),
    undefined,
  )
  assert.match(
    verdict(new EphemeralOwners(), [...withMember, applied(txnOf(3, closing()))])!,
    /leaves \/m/,
  )
  assert.match(
    verdict(new EphemeralOwners(), [...withMember, applied(txnOf(3, closing('/m', '/n')))])!,
    /removes \/n, which belongs to nobody/,
  )
})

test('ephemeral-owners: nobody is shown an ephemeral of a session that is over', () => {
  const stat = statOf({ ephemeralOwner: session })
  const read = { type: 'getData', path: '/m', watch: false } as const
  const history = [...withMember, applied(txnOf(3, closing('/m')))]
  const before = replied(1, 2, read, { answer: { stat } })
  const after = replied(1, 3, read, { answer: { stat } })
  assert.equal(verdict(new EphemeralOwners(), [...history, before]), undefined)
  assert.match(verdict(new EphemeralOwners(), [...history, after])!, /is shown an ephemeral/)
  assert.match(
    verdict(new EphemeralOwners(), [recovered(3, { '/m': { owner: session } })])!,
    /which it does not know/,
  )
})

test('session-lifetimes: a session is given up after its timeout only, counted from what arrived last', () => {
  const arrived: Observation = { type: 'arrived', isFromDialler: true, connection: 1 }
  const expiry = proposed(txnOf(1, closing(), 0))
  const checker = new SessionLifetimes()
  checker.observe(connected(1, 400), 0)
  checker.observe(arrived, 100_000)
  checker.observe({ ...arrived, isFromDialler: false }, 450_000)
  assert.equal(
    checker.observe(proposed(txnOf(1, closing(), 5)), 200_000),
    undefined,
    'its own wish',
  )
  assert.match(checker.observe(expiry, 499_000)!, /after 399 ms of silence/)
  assert.equal(checker.observe(expiry, 500_000), undefined)
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

test('liveness: every client has a write answered in time', () => {
  const ended: Observation = { type: 'faultsEnded', clients: ['client1', 'client2'] }
  const checker = new Liveness(100)
  assert.equal(checker.observe(ended, 0), undefined)
  assert.equal(checker.observe(replied(1, 1, setX), 50_000), undefined)
  assert.equal(checker.observe(connected(), 100_000), undefined)
  assert.match(checker.observe(connected(), 101_000)!, /for client2/)
})
