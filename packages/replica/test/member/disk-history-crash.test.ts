/** The machine dies at every operation of a change of the history: what is found is the old one or the new one, never a mixture. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Proposal } from '@quorate/consensus'
import { MemoryDisk } from '@quorate/log'
import { makeZxid, type SessionId } from '@quorate/protocol'
import type { Tree } from '@quorate/tree'
import {
  DyingDisk,
  folder,
  proposals,
  randomOf,
  range,
  started,
  stateOf,
  streamOf,
  TestHistory,
  treeOf,
} from './disk-history-fixture.ts'

/** Zeros written ahead are of no interest here, and slow in memory. */
const quick = { logOptions: { preallocateBytes: 0 } }
const old = proposals(1, range(1, 12))
const oldStates = range(0, 12).map((length) => stateOf(treeOf(old.slice(0, length))))

test('a crash at any operation of a truncation leaves the old history down to some place not before the cut', () => {
  for (const kept of [0, 4, 6, 10]) {
    const zxid = old[kept - 1]?.zxid ?? 0
    const steps = dieEverywhere({
      change: ({ history }, changed) =>
        history.truncate(zxid, (isDone) => {
          assert.ok(isDone)
          changed()
        }),
      check({ history }, isChanged) {
        const allowed = isChanged ? [kept] : range(kept, old.length)
        const states = allowed.map((length) => oldStates[length])
        assert.ok(states.includes(stateOf(history.tree)), `${history.lastZxid} after ${zxid}`)
      },
    })
    assert.ok(steps >= 3)
  }
})

test('ZOOKEEPER-2872: a crash at any operation of an installation leaves the old history or the new one, whole', () => {
  const replacements: readonly (readonly Proposal[])[] = [
    // Behind the old history, in the middle of it, at a snapshot of it, and of another leader.
    proposals(1, range(1, 20)),
    old.slice(0, 10),
    old.slice(0, 8),
    [...old.slice(0, 5), ...proposals(2, [1, 2], 'b')],
    [],
  ]
  for (const replacement of replacements) {
    const tree = treeOf(replacement)
    const wanted = stateOf(tree)
    const steps = dieEverywhere({
      change: (member, changed) => {
        if (member.replace(tree, 500)) changed()
      },
      check({ history }, isChanged) {
        const state = stateOf(history.tree)
        assert.ok(state === wanted || (!isChanged && state === oldStates.at(-1)), state)
      },
    })
    assert.ok(steps > 10)
  }
})

test('nothing of the old history is left once a state is installed', () => {
  const { member, memory } = memberWithHistory()
  assert.ok(member.replace(treeOf(old.slice(0, 6))))
  assert.deepEqual(memory.list(folder).toSorted(), [
    'acceptedEpoch',
    'currentEpoch',
    'snapshot.100000006',
  ])
})

test('what became of earlier writes comes with a state from a server of ours, and is there after a start', () => {
  const replacement = treeOf(proposals(2, range(1, 9), 'b'))
  const session = 1n as SessionId
  const known = (tree: Tree): readonly string[] => [
    tree.outcomes.find(session, 1, makeZxid(2, 3)).type,
    tree.outcomes.find(session, 2, 0).type,
  ]
  for (const [hasTail, snapshotOptions, expected] of [
    [true, {}, ['applied', 'neverApplied']],
    [false, {}, ['unknown', 'unknown']],
    [true, { writesLastZxid: false }, ['unknown', 'unknown']],
    [true, { writesDigest: false }, ['unknown', 'unknown']],
  ] as const) {
    const disk = new MemoryDisk()
    const member = started(disk, { snapshotOptions })
    assert.ok(member.replaceBy(streamOf(replacement, { hasTail }), replacement.lastZxid, 50))
    assert.deepEqual(known(member.history.tree), expected)
    disk.crash()
    const again = started(disk, { snapshotOptions }).history
    assert.deepEqual(known(again.tree), expected)
    assert.equal(stateOf(again.tree), stateOf(replacement))
  }
})

test('a crash at any operation of an epoch’s write leaves the old epoch or the new one', () => {
  dieEverywhere({
    change: ({ history }, changed) => history.writeEpoch('acceptedEpoch', 7, changed),
    check({ history }, isChanged) {
      assert.ok(history.acceptedEpoch === 7 || (!isChanged && history.acceptedEpoch === 1))
    },
  })
})

test('a crash at any operation of a first start, or of the start after it, is survived', () => {
  for (let at = 0; ; at++) {
    const memory = new MemoryDisk({ random: randomOf(at) })
    const disk = new DyingDisk(memory)
    disk.left = at
    let isStarted = false
    const dying = startedQuietly(disk, () => (isStarted = true))
    memory.crash()
    disk.left = Infinity
    assert.equal(stateOf(started(disk, quick).history.tree), stateOf(treeOf([])))
    if (isStarted) {
      assert.deepEqual(dying.failures, [])
      break
    }
  }
})

interface Change {
  change(member: TestHistory, changed: () => void): void
  /** @param isChanged whether the member was told that the change is done */
  check(found: TestHistory, isChanged: boolean): void
}

/**
 * Makes the change again and again, and dies one operation later each time, until it is done; then with several ways in which
 * the crash treats what was not synced. After it the member starts, dying once more in between. Returns the number of operations.
 */
function dieEverywhere(scenario: Change): number {
  for (let at = 0; ; at++) {
    let isOver = false
    for (let seed = 0; seed < 3; seed++) {
      const { member, memory, disk } = memberWithHistory(seed)
      let isChanged = false
      disk.left = at
      scenario.change(member, () => (isChanged = true))
      assert.equal(member.failures.length, isChanged ? 0 : 1)
      memory.crash()
      // The start may have to finish something, and the machine may die in it again.
      disk.left = seed
      startedQuietly(disk, () => {})
      memory.crash()
      disk.left = Infinity
      const found = started(disk, quick)
      scenario.check(found, isChanged)
      // The log can be continued, and holds what it is given.
      found.log(proposals(3, [1], 'c'))
      memory.crash()
      assert.equal(stateOf(started(disk, quick).history.tree), stateOf(found.history.tree))
      isOver ||= isChanged
    }
    if (isOver) return at
  }
}

/** Snapshots at 0, 4 and 8, logs from 1, 5 and 9 on, 12 transactions of epoch 1. */
function memberWithHistory(seed = 0): {
  member: TestHistory
  memory: MemoryDisk
  disk: DyingDisk
} {
  const random = randomOf(seed)
  // The first seed keeps nothing that was not synced, the second all names.
  const memory = new MemoryDisk({ random: () => (seed === 0 ? 1 : seed === 1 ? 0 : random()) })
  const disk = new DyingDisk(memory)
  const member = started(disk, quick)
  for (const from of [0, 4, 8]) {
    member.log(old.slice(from, from + 4))
    if (from < 8) member.snapshot(disk)
  }
  member.history.writeEpoch('acceptedEpoch', 1, () => {})
  member.history.writeEpoch('currentEpoch', 1, () => {})
  return { member, memory, disk }
}

function startedQuietly(disk: DyingDisk, done: () => void): TestHistory {
  const member = new TestHistory(disk, quick)
  member.history.start(done)
  return member
}
