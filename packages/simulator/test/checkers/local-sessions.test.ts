import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LocalSessions } from '../../src/checkers/local-sessions.ts'
import type { Observation } from '../../src/history/observation.ts'
import { connected, createSessionBody, proposed, session, txnOf } from './wrong-history.ts'

const arrived: Observation = { type: 'arrived', isFromDialler: true, connection: 1 }
const expired: Observation = { type: 'sessionExpired', server: 'server1', session }
const kept: Observation = { type: 'localSessions', server: 'server1', sessions: [session] }
const everybodys = proposed(txnOf(1, createSessionBody, 0))
const termEnded: Observation = { type: 'termEnded', server: 'server1' }

/** What is said of the last of these observations, each with its ms. */
function saidOf(...history: readonly (readonly [number, Observation])[]): string | undefined {
  const checker = new LocalSessions()
  let said: string | undefined
  for (const [atMs, observation] of history) {
    assert.equal(said, undefined)
    said = checker.observe(observation, atMs * 1_000)
  }
  return said
}

test('local-sessions: a session is given up after its timeout only, counted from what arrived last', () => {
  const start = [[0, connected(1, 400)] as const, [100, arrived] as const]
  assert.match(saidOf(...start, [480, expired])!, /server1 expires its session 256 after 380 ms/)
  assert.equal(saidOf(...start, [500, expired]), undefined)
  const toClient = { ...arrived, isFromDialler: false } as Observation
  assert.equal(saidOf(...start, [450, toClient], [500, expired]), undefined, 'to the client')
  assert.equal(saidOf(...start, [150, termEnded], [200, expired]), undefined, 'of another term')
  assert.equal(
    saidOf(...start, [150, everybodys], [200, expired]),
    undefined,
    'the leader’s affair',
  )
})

test('local-sessions: a session that has expired does not come back', () => {
  const start = [[0, connected(1, 400)] as const, [500, expired] as const]
  assert.equal(saidOf(...start, [1_000, connected(2, 400)]), undefined, 'the welcome was under way')
  assert.match(saidOf(...start, [4_000, connected(2, 400)])!, /had expired/)
})

test('local-sessions: a session that is silent is gone in the end', () => {
  const ended: Observation = { type: 'faultsEnded', clients: [] }
  const start = [[0, connected(1, 400)] as const, [10_000, ended] as const]
  assert.equal(saidOf(...start, [12_800, kept]), undefined)
  assert.match(saidOf(...start, [13_000, kept])!, /still has its session 256 after 3000 ms/)
  assert.equal(saidOf(...start, [12_000, arrived], [13_000, kept]), undefined)
})

test('local-sessions: no server takes a session for its own that is everybody’s', () => {
  assert.match(saidOf([0, connected()], [1, everybodys], [2, kept])!, /which is everybody's/)
})
