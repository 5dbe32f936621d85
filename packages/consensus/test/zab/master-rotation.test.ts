import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MembershipStore, parseMembership } from '@quorate/consensus'
import { spreadMs } from '../../src/zab/fleet-spread.ts'
import { MasterRotation } from '../../src/zab/master-rotation.ts'

function rotationOf(serverId: number, voters: readonly number[] = [1, 2, 3, 4, 5]): MasterRotation {
  const committed = parseMembership(voters.map((id) => `server.${id}=s:1:2;3`).join('\n'))
  const memberships: MembershipStore = {
    committed,
    lastSeen: committed,
    setCommitted() {},
    setLastSeen() {},
  }
  return new MasterRotation(serverId, memberships)
}

test('every voter but the leader has its turn', () => {
  const rotation = rotationOf(6)
  assert.deepEqual(
    Array.from({ length: 6 }, () => rotation.next(2)),
    [4, 5, 1, 3, 4, 5],
  )
})

test('observers whose ids follow each other begin with different voters', () => {
  const first = new Set([6, 7, 8, 9].map((id) => rotationOf(id).next(2)))
  assert.deepEqual(first, new Set([1, 3, 4, 5]))
})

test('without another voter it is the leader', () => {
  assert.equal(rotationOf(4, [2]).next(2), undefined)
  assert.equal(rotationOf(1, [1, 2]).next(2), undefined)
})

test('a master that kept the observer and did not serve it is followed by the leader, until that has taken it in', () => {
  const rotation = rotationOf(4, [1, 2, 3])
  assert.notEqual(rotation.next(3), undefined)
  rotation.kept(true)
  assert.equal(rotation.next(3), undefined)
  assert.equal(rotation.next(3), undefined)
  rotation.kept(false)
  assert.notEqual(rotation.next(3), undefined)
})

test('masters that serve are asked again when they are lost', () => {
  const rotation = rotationOf(4, [1, 2, 3])
  for (let count = 0; count < 5; count++) {
    assert.notEqual(rotation.next(3), undefined)
    rotation.kept(true)
    rotation.served(true)
  }
})

test('a fleet comes spread over the whole time', () => {
  const delays = Array.from({ length: 20 }, (_, at) => spreadMs(at + 1, 1_000)).toSorted(
    (a, b) => a - b,
  )
  const gaps = delays.map((delayMs, at) => delayMs - (delays[at - 1] ?? 0))
  assert.ok(delays.every((delayMs) => delayMs >= 0 && delayMs < 1_000))
  assert.ok(
    gaps.every((gapMs) => gapMs < 150),
    String(gaps),
  )
  assert.equal(spreadMs(7, 0), 0)
})

test('the search for a master is the rarer the more often those that were found did not serve', () => {
  const rotation = rotationOf(4)
  const first = rotation.searchDelayMs
  for (let count = 0; count < 3; count++) {
    rotation.searchEnded()
    rotation.served(false)
  }
  assert.equal(rotation.searchDelayMs, 8 * first)
  for (let count = 0; count < 20; count++) rotation.searchEnded()
  assert.equal(rotation.searchDelayMs, 3_600_000)
  rotation.served(true)
  assert.equal(rotation.searchDelayMs, first)
})
