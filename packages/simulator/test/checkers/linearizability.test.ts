import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '@quorate/protocol'
import { Linearizability } from '../../src/checkers/linearizability.ts'
import {
  isLinearizable,
  type RegisterEffect,
  type RegisterOperation,
} from '../../src/checkers/register-search.ts'
import type { Operation } from '../../src/client/operation.ts'
import { invoked, judged, replied, statOf, type Subject, verdict } from './wrong-history.ts'

const linearizability: Subject = (history) => new Linearizability(history)

type Outcome = NonNullable<RegisterOperation['outcome']>

function operation(
  effect: RegisterEffect,
  invokedAt: number,
  returnedAt: number,
  outcome?: Partial<Outcome>,
): RegisterOperation {
  return {
    effect,
    invokedAt,
    returnedAt,
    outcome:
      outcome === undefined
        ? undefined
        : { err: ErrorCode.Ok, version: undefined, data: undefined, ...outcome },
  }
}

const created = operation({ type: 'create', data: 'a' }, 1, 2, { version: 0 })
const write = (data: string, version = -1): RegisterEffect => ({ type: 'write', data, version })
const read: RegisterEffect = { type: 'read' }

const seen = (data: string): RegisterOperation[] => [
  created,
  operation(write('b'), 3, 4, { version: 1 }),
  operation(read, 5, 6, { data }),
]

test('operations one after another must show each other', () => {
  assert.equal(isLinearizable(seen('b')), 'yes')
  assert.equal(isLinearizable(seen('a')), 'no', 'a stale read')
})

test('operations at the same time may happen in either order', () => {
  const writes = [
    operation(write('b'), 3, 6, { version: 2 }),
    operation(write('c'), 4, 5, { version: 1 }),
  ]
  const last = (data: string): RegisterOperation => operation(read, 7, 8, { data, version: 2 })
  assert.equal(isLinearizable([created, ...writes, last('b')]), 'yes')
  assert.equal(isLinearizable([created, ...writes, last('c')]), 'no')
})

const swap = (err: number): RegisterOperation => operation(write('b', 0), 3, 6, { err })

test('of two compare-and-sets of one version only one succeeds', () => {
  assert.equal(isLinearizable([created, swap(ErrorCode.Ok), swap(ErrorCode.BadVersion)]), 'yes')
  assert.equal(isLinearizable([created, swap(ErrorCode.Ok), swap(ErrorCode.Ok)]), 'no')
  assert.equal(isLinearizable([created, swap(ErrorCode.BadVersion)]), 'no')
})

test('a write without a reply may have happened, late, or never', () => {
  const unknown = operation(write('b'), 3, Infinity)
  const sees = (data: string, at: number): RegisterOperation =>
    operation(read, at, at + 1, { data })
  assert.equal(isLinearizable([created, unknown, sees('a', 5), sees('b', 7)]), 'yes')
  assert.equal(isLinearizable([created, unknown, sees('a', 5), sees('a', 7)]), 'yes')
  assert.equal(isLinearizable([created, unknown, sees('b', 5), sees('a', 7)]), 'no', 'and not back')
})

test('no two replies may give out the same version', () => {
  const twice = [3, 5].map((at) => operation(write('b'), at, at + 1, { version: 1 }))
  assert.equal(isLinearizable([created, ...twice]), 'no')
})

test('many writes of unknown fate are searched in bounded time', () => {
  const unknown = Array.from({ length: 40 }, (_, i) => operation(write(`v${i}`), 3, Infinity))
  const impossible = operation(read, 500, 501, { data: 'never written' })
  const start = [created, ...unknown]
  assert.notEqual(isLinearizable([...start, impossible]), 'yes')
})

const on = (path: string, data: string): Operation => ({ type: 'create', path, data, mode: 0 })

const get = (path: string): Operation => ({ type: 'getData', path, watch: false })

test('the checker takes each register’s history apart from those of others', () => {
  const stat = statOf({ version: 0 })
  const history = (found: string): Parameters<typeof verdict>[1] => [
    invoked(1, on('/registers/r0', 'a')),
    invoked(2, on('/registers/r1', 'b')),
    replied(1, 1, on('/registers/r0', 'a'), { answer: { stat } }),
    replied(2, 2, on('/registers/r1', 'b'), { answer: { stat } }),
    invoked(3, get('/registers/r0')),
    replied(3, 2, get('/registers/r0'), { answer: { stat, data: found } }),
    { type: 'ended' },
  ]
  assert.equal(judged(linearizability, history('a')), undefined)
  assert.match(judged(linearizability, history('b'))!, /\/registers\/r0 has no linearization/)
})
