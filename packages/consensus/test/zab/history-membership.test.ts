import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeZxid } from '@quorate/protocol'
import { formatMembership, type Membership } from '@quorate/consensus'
import { followHistory } from '../../src/zab/history-membership.ts'
import { membershipOf } from '../election/election-membership.ts'
import { MemoryHistory } from './memory-history.ts'

function lastSeenAfter(lastZxid: number, lastSeen: Membership, text?: string): Membership {
  const committed = membershipOf({ voters: [1, 2, 3] })
  let kept = lastSeen
  const history = new MemoryHistory((_what, run) => run())
  history.plant({ log: [{ zxid: lastZxid, bytes: new Uint8Array(1) }] })
  history.membershipText = text
  followHistory({
    history,
    memberships: {
      committed,
      lastSeen,
      setCommitted() {},
      setLastSeen(membership) {
        kept = membership
      },
    },
  })
  return kept
}

const proposed = membershipOf({ voters: [1, 2, 3, 4], version: makeZxid(1, 50) })

test('a proposed membership counts as long as its transaction may be in the history', () => {
  assert.equal(lastSeenAfter(makeZxid(1, 50), proposed), proposed)
})

test('a proposed membership does not count when the history ends before its transaction', () => {
  assert.equal(lastSeenAfter(makeZxid(1, 49), proposed).version, 0)
})

test('the first membership of an ensemble has the zero of an epoch, which is no transaction’s', () => {
  const first = membershipOf({ voters: [1, 2, 3], version: makeZxid(2, 0) })
  assert.equal(lastSeenAfter(makeZxid(1, 7), first), first)
})

test('a membership that came with a snapshot is seen', () => {
  const nothing = membershipOf({ voters: [1, 2, 3] })
  const text = formatMembership(membershipOf({ voters: [3, 4, 5], version: makeZxid(1, 8) }))
  assert.equal(lastSeenAfter(makeZxid(1, 9), nothing, text).version, makeZxid(1, 8))
  assert.equal(lastSeenAfter(makeZxid(1, 60), proposed, text), proposed)
})
