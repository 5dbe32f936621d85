import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeZxid } from '@quorate/protocol'
import type { Membership } from '@quorate/consensus'
import { forgetUnknownMembership } from '../../src/zab/unknown-membership.ts'
import { membershipOf } from '../election/election-membership.ts'
import { MemoryHistory } from './memory-history.ts'

function lastSeenAfter(lastZxid: number, lastSeen: Membership): Membership {
  const committed = membershipOf({ voters: [1, 2, 3] })
  let kept = lastSeen
  const history = new MemoryHistory((_what, run) => run())
  history.plant({ log: [{ zxid: lastZxid, bytes: new Uint8Array(1) }] })
  forgetUnknownMembership({
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
