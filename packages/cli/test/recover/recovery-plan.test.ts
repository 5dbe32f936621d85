import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeZxid } from '@quorate/protocol'
import { epochGap, planRecovery } from '../../src/recover/recovery-plan.ts'
import { membershipWith, survivor } from './sample-survivor.ts'

const five = membershipWith([1, 2, 3, 4, 5])
const zxid = makeZxid

describe('a recovery plan', () => {
  it('chooses by currentEpoch before the zxid', () => {
    const { start } = planRecovery([
      survivor(1, { currentEpoch: 3, lastZxid: zxid(2, 9) }, five),
      survivor(2, { currentEpoch: 2, lastZxid: zxid(4, 1), acceptedEpoch: 4 }, five),
    ])
    assert.equal(start.serverId, 1)
  })

  it('is in an epoch that is later than any that a survivor, a zxid or a membership knows of', () => {
    const dated = membershipWith([1, 2, 3, 4, 5], zxid(7, 0))
    const accepted = planRecovery([survivor(1, { acceptedEpoch: 9 }, dated)])
    assert.equal(accepted.epoch, 9 + epochGap)
    const logged = planRecovery([survivor(1, { lastZxid: zxid(8, 1) }, dated)])
    assert.equal(logged.epoch, 8 + epochGap)
    const voted = planRecovery([survivor(1, {}, dated)])
    assert.equal(voted.epoch, 7 + epochGap)
    assert.equal(voted.newMembership.version, zxid(voted.epoch, 0))
  })

  it('refuses epochs that nothing could read', () => {
    const late = survivor(1, { acceptedEpoch: 2 ** 21 - epochGap }, five)
    assert.throws(() => planRecovery([late]), { code: 'RECOVER_EPOCH_LIMIT' })
  })

  it('judges by the newest membership that a survivor has', () => {
    const newer = membershipWith([1, 2, 3], zxid(1, 5))
    const plan = planRecovery([survivor(1, {}, five), survivor(2, {}, newer)])
    assert.equal(plan.hasQuorum, true)
  })

  it('needs a quorum of a membership that was proposed as well', () => {
    const membershipText = membershipWith([1, 2, 3, 4, 5, 6, 7], zxid(1, 5)).text
    const three = [1, 2, 3].map((id) => survivor(id, { membershipText }, five))
    const plan = planRecovery(three)
    assert.equal(plan.hasQuorum, false)
    assert.deepEqual(
      plan.lost.map(({ id }) => id),
      [4, 5, 6, 7],
    )
  })

  it('takes the membership from the histories when no configuration was named', () => {
    const membershipText = five.text
    const plan = planRecovery([survivor(2, { membershipText }), survivor(1, {})])
    assert.deepEqual(plan.membership.quorums.voterIds, [1, 2, 3, 4, 5])
    assert.throws(() => planRecovery([survivor(1, {})]), { code: 'RECOVER_MEMBERSHIP_UNKNOWN' })
  })

  it('does not count servers that would not start, and goes on without them', () => {
    const plan = planRecovery([
      survivor(1, { lastZxid: zxid(1, 9), problem: 'damaged' }, five),
      survivor(2, { lastZxid: zxid(1, 8) }, five),
      survivor(3, { lastZxid: zxid(1, 7) }, five),
    ])
    assert.deepEqual([plan.hasQuorum, plan.start.serverId], [false, 2])
    assert.deepEqual(plan.newMembership.quorums.voterIds, [2, 3])
  })

  it('refuses a survivor that is no member', () => {
    assert.throws(() => planRecovery([survivor(1, {}, five), survivor(6, {}, five)]), {
      code: 'RECOVER_CONTRADICTION',
    })
  })
})
