import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Proposal } from '@quorate/consensus'
import { makeZxid, type Zxid } from '@quorate/protocol'
import * as fc from 'fast-check'
import { ProposalWindow } from '../../src/zab/proposal-window.ts'
import { planSync, type SyncPlan, type SyncSituation } from '../../src/zab/sync-plan.ts'

function proposalsOf(zxids: readonly Zxid[]): readonly Proposal[] {
  return zxids.map((zxid) => ({ zxid, bytes: new Uint8Array(0) }))
}

/** The window of a server with this history that keeps the last so many. */
function windowOf(zxids: readonly Zxid[], count = zxids.length): ProposalWindow {
  const window = new ProposalWindow(500)
  window.reset(proposalsOf(zxids.slice(zxids.length - count)), zxids.at(-1) ?? 0)
  return window
}

function planOf(
  peerLastZxid: Zxid,
  window: ProposalWindow,
  more: Partial<Pick<SyncSituation, 'isSnapshotForced' | 'isDiskAllowed' | 'checksCuts'>> = {},
): SyncPlan {
  return planSync({
    peerLastZxid,
    window,
    isSnapshotForced: false,
    checksCuts: true,
    isDiskAllowed: true,
    ...more,
  })
}

/** `1:1-1:3 2:1` */
function zxidsIn(text: string): readonly Zxid[] {
  return text.split(' ').flatMap((range) => {
    const [first, last] = range.split('-').map((zxid) => {
      const [epoch, counter] = zxid.split(':').map(Number)
      return makeZxid(epoch, counter)
    })
    return Array.from({ length: (last ?? first) - first + 1 }, (_, i) => first + i)
  })
}

const [z13, z14, z20, z30] = zxidsIn('1:3-1:4 2:0 3:0')
const z21 = makeZxid(2, 1)

test('a learner that does not look where it is cut, and is ahead by an epoch, gets a snapshot', () => {
  const window = windowOf(zxidsIn('1:1-1:4'), 4)
  assert.deepEqual(planOf(z21, window).kind, 'trunc')
  assert.deepEqual(planOf(z21, window, { checksCuts: false }).kind, 'snap')
  assert.deepEqual(planOf(makeZxid(1, 9), window, { checksCuts: false }).kind, 'trunc')
})

describe('the plan of a synchronisation', () => {
  const cases: readonly (readonly [string, SyncPlan, SyncPlan])[] = [
    [
      'row 0: a snapshot when that is forced',
      planOf(z13, windowOf(zxidsIn('1:1-1:3')), { isSnapshotForced: true }),
      { kind: 'snap' },
    ],
    [
      'row 0: a snapshot when the learner asks for one',
      planOf(-1, windowOf(zxidsIn('1:1-1:3'))),
      { kind: 'snap' },
    ],
    [
      'row 1: nothing for a learner that has it all',
      planOf(z13, windowOf(zxidsIn('1:1-1:3'))),
      { kind: 'diff', zxid: z13, sendAfter: z13 },
    ],
    [
      'row 1: nothing when both are empty',
      planOf(0, windowOf([])),
      { kind: 'diff', zxid: 0, sendAfter: 0 },
    ],
    [
      'row 2: a cut for a learner that is ahead',
      planOf(z14, windowOf(zxidsIn('1:1-1:3'))),
      { kind: 'trunc', zxid: z13, sendAfter: z13 },
    ],
    [
      'row 3: what comes behind its last',
      planOf(makeZxid(1, 2), windowOf(zxidsIn('1:1-1:4'))),
      { kind: 'diff', zxid: z14, sendAfter: makeZxid(1, 2) },
    ],
    [
      'row 3: the whole window at its floor',
      planOf(makeZxid(1, 2), windowOf(zxidsIn('1:1-1:4'), 2)),
      { kind: 'diff', zxid: z14, sendAfter: makeZxid(1, 2) },
    ],
    [
      'row 3: a cut and the rest where the same epoch goes on',
      planOf(z14, windowOf(zxidsIn('1:1-1:3 1:5-1:6'))),
      { kind: 'trunc', zxid: z13, sendAfter: z13 },
    ],
    [
      'row 3: a snapshot where another epoch goes on',
      planOf(z14, windowOf(zxidsIn('1:1-1:3 2:1'))),
      { kind: 'snap' },
    ],
    [
      'row 3: the rest for one at the start of an epoch that has no transaction',
      planOf(z20, windowOf(zxidsIn('1:1-1:3 3:1'))),
      { kind: 'diff', zxid: makeZxid(3, 1), sendAfter: z20 },
    ],
    [
      'row 3: the rest for one at the start of an epoch that has some',
      planOf(z20, windowOf(zxidsIn('1:1-1:3 2:1'))),
      { kind: 'diff', zxid: z21, sendAfter: z20 },
    ],
    [
      'row 4: the log for one before the window',
      planOf(makeZxid(1, 1), windowOf(zxidsIn('1:1-1:4'), 2)),
      { kind: 'diff-from-disk', zxid: z14, sendAfter: makeZxid(1, 1) },
    ],
    [
      'row 4: a snapshot when the log is too long for that',
      planOf(makeZxid(1, 1), windowOf(zxidsIn('1:1-1:4'), 2), { isDiskAllowed: false }),
      { kind: 'snap' },
    ],
    [
      'row 5: a snapshot for one at the start of an epoch beyond this history',
      planOf(z30, windowOf(zxidsIn('1:1-1:3 2:1'))),
      { kind: 'snap' },
    ],
  ]
  for (const [name, plan, expected] of cases) {
    test(`is ${name}`, () => assert.deepEqual(plan, expected))
  }

  test('brings any learner to the leader’s list, without a gap or a repetition', () => {
    // A history by epochs: how many transactions each has. The learner shares some, and has some of its own in its last epoch.
    const arbitrary = fc.record({
      counts: fc.array(fc.nat(5), { minLength: 1, maxLength: 6 }),
      kept: fc.nat(40),
      shared: fc.nat(40),
      own: fc.nat(3),
      isInNewEpoch: fc.boolean(),
    })
    fc.assert(
      fc.property(arbitrary, ({ counts, kept, shared, own, isInNewEpoch }) => {
        const leader = counts.flatMap((count, i) =>
          Array.from({ length: count }, (_, at) => makeZxid(i + 1, at + 1)),
        )
        const common = leader.slice(0, shared % (leader.length + 1))
        const learner = [...common, ...ownBehind(common, leader, own, isInNewEpoch)]
        const window = windowOf(leader, Math.min(kept, leader.length))
        const plan = planOf(learner.at(-1) ?? 0, window)
        assert.deepEqual(carriedOut(plan, { learner, leader, window }), leader)
      }),
      { numRuns: 2_000 },
    )
  })
})

/** Transactions that only the learner has: behind the common ones, in an epoch that the leader does not go on in there. */
function ownBehind(
  common: readonly Zxid[],
  leader: readonly Zxid[],
  count: number,
  isInNewEpoch: boolean,
): readonly Zxid[] {
  const last = common.at(-1)
  const next = leader[common.length]
  if (last === undefined || next === last + 1 || count === 0) return []
  // Of an epoch that nobody led to the end; one in between exists only where the leader's history leaves it out.
  const epoch = Math.floor(last / 2 ** 32)
  const nextEpoch = next === undefined ? epoch + 2 : Math.floor(next / 2 ** 32)
  const start = isInNewEpoch && nextEpoch > epoch + 1 ? makeZxid(epoch + 1, 1) : last + 1
  return Array.from({ length: count }, (_, i) => start + i)
}

/** The learner's list behind the plan. A snapshot, and a log that does not hold the learner's last, bring the whole list. */
function carriedOut(
  plan: SyncPlan,
  of: {
    readonly learner: readonly Zxid[]
    readonly leader: readonly Zxid[]
    readonly window: ProposalWindow
  },
): readonly Zxid[] {
  const { learner, leader, window } = of
  if (plan.kind === 'snap') return leader
  const isInLog = plan.sendAfter === 0 || leader.includes(plan.sendAfter)
  if (plan.kind === 'diff-from-disk' && !isInLog) return leader
  const kept = plan.kind === 'trunc' ? learner.filter((zxid) => zxid <= plan.zxid) : learner
  if (plan.kind === 'trunc') assert.equal(kept.at(-1) ?? 0, plan.zxid)
  const fromLog =
    plan.kind === 'diff-from-disk'
      ? leader.filter((zxid) => zxid > plan.sendAfter && zxid <= window.floor)
      : []
  const after = plan.kind === 'diff-from-disk' ? window.floor : plan.sendAfter
  return [...kept, ...fromLog, ...window.deliveredAfter(after).map(({ zxid }) => zxid)]
}
