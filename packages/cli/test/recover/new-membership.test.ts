import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { byHistory, chooseMembership, hasSameHistory } from '../../src/recover/new-membership.ts'
import type { Survivor } from '../../src/recover/survivor.ts'
import { membershipWith, survivor } from './sample-survivor.ts'

function chosen(survivors: readonly Survivor[], voters: readonly number[], observers: number[]) {
  const { memberById } = membershipWith(voters, 0, observers)
  const sorted = survivors.toSorted(byHistory(memberById))
  const start = sorted[0]
  const membership = chooseMembership({ survivors: sorted, start, memberById, version: 5 })
  return { start, membership }
}

describe('the membership of the survivors', () => {
  it('has no quorum without the chosen history, however few have it', () => {
    const histories = fc.array(fc.record({ zxid: fc.nat(3), isVoter: fc.boolean() }), {
      minLength: 1,
      maxLength: 7,
    })
    fc.assert(
      fc.property(histories, (all) => {
        const ids = all.map((_, index) => index + 1)
        const survivors = ids.map((id) => survivor(id, { lastZxid: all[id - 1].zxid }))
        const voters = ids.filter((id) => all[id - 1].isVoter)
        const observers = ids.filter((id) => !all[id - 1].isVoter)
        // One more voter, which is lost.
        const { start, membership } = chosen(survivors, [...voters, 9], observers)
        const lagging = survivors.filter((one) => !hasSameHistory(one, start))
        const isLagging = (id: number): boolean => lagging.some(({ serverId }) => serverId === id)
        assert.equal(membership.quorums.isQuorum(isLagging), false)
        assert.equal(
          membership.quorums.isQuorum(() => true),
          true,
        )
        assert.equal(membership.memberById.size, survivors.length)
      }),
    )
  })

  it('lets an observer vote when no voter has its history, and else not', () => {
    const ahead = chosen([survivor(1, { lastZxid: 1 }), survivor(2, { lastZxid: 2 })], [1, 3], [2])
    assert.deepEqual([ahead.start.serverId, ahead.membership.quorums.voterIds], [2, [1, 2]])
    const level = chosen([survivor(1, { lastZxid: 2 }), survivor(2, { lastZxid: 2 })], [1, 3], [2])
    assert.deepEqual([level.start.serverId, level.membership.quorums.voterIds], [1, [1]])
  })
})
