import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpCode, type TxnBody, utf8Encode } from '@quorate/protocol'
import { FencingTokens } from '../../src/checkers/fencing-tokens.ts'
import { LockExclusion } from '../../src/checkers/lock-exclusion.ts'
import { LockLeftovers } from '../../src/checkers/lock-leftovers.ts'
import type { Observation } from '../../src/history/observation.ts'
import { contendedRoot, tokenPath } from '../../src/workload/contended.ts'
import {
  applied,
  createBody,
  judged,
  nodeView,
  setBody,
  type Subject,
  txnOf,
} from './wrong-history.ts'

const lockExclusion: Subject = (_history, committed) => new LockExclusion(committed)
const fencingTokens: Subject = (history) => new FencingTokens(history)
const lockLeftovers: Subject = (_history, committed) => new LockLeftovers(committed)

/** Transactions 1, 2 and on: the parents, and what a test is about. */
function txns(...bodies: readonly TxnBody[]): Observation[] {
  const parents = [contendedRoot, `${contendedRoot}/lock`].map((path) => createBody(path))
  return [...parents, ...bodies].map((body, at) => applied(txnOf(at + 1, body)))
}

const pathOf = (name: string): string => `${contendedRoot}/lock/${name}`
const create = (name: string): TxnBody => createBody(pathOf(name))
const remove = (name: string): TxnBody => ({ type: OpCode.delete, path: pathOf(name) })

function granted(lock: string, name: string, zxid: number): Observation {
  return { type: 'granted', client: `of ${name}`, lock, path: pathOf(name), token: zxid, zxid }
}

function write(lock: string, token: number): TxnBody {
  return setBody(tokenPath(lock), -1, Uint8Array.from(utf8Encode(String(token))))
}

/** A server has this node in the end. */
function settled(path: string, czxid: number): Observation {
  const nodes = new Map([[path, nodeView({ czxid })]])
  const view = { lastZxid: 9, digest: '', nodes, timeoutMsBySession: new Map() }
  return { type: 'settled', server: 's', isServing: true, view }
}

test('lock-exclusion: one holds a lock at a time', () => {
  const turns = txns(create('a'), create('b'), remove('a'))
  const inTurns = [granted('mutex', 'a', 4), granted('mutex', 'b', 5)]
  assert.equal(judged(lockExclusion, [...turns, ...inTurns]), undefined)
  const together = [granted('mutex', 'a', 4), granted('mutex', 'b', 4)]
  assert.match(
    judged(lockExclusion, [...turns, ...together])!,
    /mutex is held at .* by more than 1/,
  )
})

test('lock-exclusion: whoever is told later does not make an earlier moment right', () => {
  const history = txns(create('a'), create('b'), remove('a'))
  const late = [granted('mutex', 'b', 4), granted('mutex', 'a', 3)]
  assert.match(judged(lockExclusion, [...history, ...late])!, /of b by .* and of a by/)
  const past = [granted('mutex', 'b', 5), granted('mutex', 'a', 3)]
  assert.equal(judged(lockExclusion, [...history, ...past]), undefined)
})

test('lock-exclusion: readers hold a lock together, and not beside a writer', () => {
  const history = txns(create('x-__READ__1'), create('x-__READ__2'), create('x-__WRIT__3'))
  const readers = [granted('rw', 'x-__READ__1', 4), granted('rw', 'x-__READ__2', 4)]
  assert.equal(judged(lockExclusion, [...history, ...readers]), undefined)
  const writer = granted('rw', 'x-__WRIT__3', 5)
  assert.match(judged(lockExclusion, [...history, ...readers, writer])!, /more than 1/)
})

test('lock-exclusion: a semaphore has so many leases', () => {
  const history = txns(create('a'), create('b'), create('c'))
  const two = [granted('semaphore', 'a', 5), granted('semaphore', 'b', 5)]
  assert.equal(judged(lockExclusion, [...history, ...two]), undefined)
  const third = granted('semaphore', 'c', 5)
  assert.match(judged(lockExclusion, [...history, ...two, third])!, /more than 2/)
})

test('fencing-tokens: tokens never become smaller, each lock by itself', () => {
  const nodes = ['mutex', 'latch'].map((lock) => createBody(tokenPath(lock)))
  const growing = [write('mutex', 7), write('latch', 3), write('mutex', 7), write('mutex', 9)]
  assert.equal(judged(fencingTokens, txns(...nodes, ...growing)), undefined)
  const late = [write('mutex', 9), write('mutex', 7)]
  assert.match(judged(fencingTokens, txns(...nodes, ...late))!, /token 7 .* after one with 9/)
})

test('lock-leftovers: nothing stands in a line in the end that stood there when the faults ended', () => {
  const history = [...txns(create('a')), { type: 'faultsEnded', clients: [] } as const]
  const line = pathOf('_c_1-lock-0000000003')
  assert.match(
    judged(lockLeftovers, [...history, settled(line, 3)])!,
    /lock-0000000003 is left behind/,
  )
  assert.equal(judged(lockLeftovers, [...history, settled(line, 4)]), undefined)
  assert.equal(judged(lockLeftovers, [...history, settled(tokenPath('mutex'), 3)]), undefined)
})
