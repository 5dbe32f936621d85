/** Quorum systems: what decides, and that two quorums always meet. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { HierarchicalQuorums } from '../../src/quorum/hierarchical-quorums.ts'
import { jointQuorum } from '../../src/quorum/joint-quorums.ts'
import { MajorityQuorums } from '../../src/quorum/majority-quorums.ts'
import type { QuorumSystem } from '../../src/quorum/quorum-system.ts'

function isQuorum(system: QuorumSystem, ids: readonly number[]): boolean {
  return system.isQuorum((id) => ids.includes(id))
}

/** Every set of voters, as bits over voterIds. */
function quorumsOf(system: QuorumSystem): number[] {
  const { voterIds } = system
  const sets: number[] = []
  for (let bits = 0; bits < 2 ** voterIds.length; bits++) {
    if (system.isQuorum((id) => ((bits >> voterIds.indexOf(id)) & 1) === 1)) sets.push(bits)
  }
  return sets
}

const majority = fc
  .uniqueArray(fc.nat(20), { minLength: 1, maxLength: 6 })
  .map((ids): QuorumSystem => new MajorityQuorums(ids))

/** Servers 1 to n, each in one of three groups; one in five is an observer that nonetheless has a weight. */
const hierarchical = fc
  .array(fc.record({ group: fc.nat(2), weight: fc.option(fc.nat(4)), role: fc.nat(4) }), {
    minLength: 1,
    maxLength: 7,
  })
  .map((servers): QuorumSystem => {
    const groups = new Map<number, number[]>()
    const weights = new Map<number, number>()
    const voterIds: number[] = []
    servers.forEach(({ group, weight, role }, i) => {
      groups.set(group, [...(groups.get(group) ?? []), i + 1])
      if (weight !== null) weights.set(i + 1, weight)
      if (role > 0) voterIds.push(i + 1)
    })
    return new HierarchicalQuorums({ voterIds, groups, weights })
  })

const system = fc.oneof(majority, hierarchical)

test('any two quorums of one system meet', () => {
  fc.assert(
    fc.property(system, (each) => {
      const quorums = quorumsOf(each)
      for (const a of quorums) for (const b of quorums) assert.notEqual(a & b, 0)
    }),
  )
})

test('a set that holds a quorum is a quorum', () => {
  fc.assert(
    fc.property(system, (each) => {
      const quorums = new Set(quorumsOf(each))
      for (const quorum of quorums) {
        for (let i = 0; i < each.voterIds.length; i++) assert.ok(quorums.has(quorum | (1 << i)))
      }
    }),
  )
})

test('a joint quorum is a quorum of both systems, so it meets the quorums of either', () => {
  fc.assert(
    fc.property(system, system, fc.func(fc.boolean()), (old, next, isIn) => {
      const joint = jointQuorum(old, next)
      assert.equal(joint.isQuorum(isIn), old.isQuorum(isIn) && next.isQuorum(isIn))
      const union = [...new Set([...old.voterIds, ...next.voterIds])].toSorted((a, b) => a - b)
      assert.deepEqual(joint.voterIds, union)
      for (const id of union) assert.ok(joint.isVoter(id))
    }),
  )
})

test('more than half of the voters decide', () => {
  const three = new MajorityQuorums([3, 1, 2])
  assert.deepEqual(three.voterIds, [1, 2, 3])
  assert.ok(!isQuorum(three, [1]))
  assert.ok(isQuorum(three, [1, 3]))
  const four = new MajorityQuorums([1, 2, 3, 4])
  assert.ok(!isQuorum(four, [1, 2]))
  assert.ok(isQuorum(four, [1, 2, 4]))
})

test('servers that do not vote count for nothing', () => {
  const three = new MajorityQuorums([1, 2, 3])
  assert.ok(!isQuorum(three, [1, 7, 8, 9]))
  assert.ok(!three.isVoter(7))
})

test('without voters there is no quorum', () => {
  assert.ok(!isQuorum(new MajorityQuorums([]), [1]))
  const groups = new Map([[1, [1]]])
  assert.ok(!isQuorum(new HierarchicalQuorums({ voterIds: [], groups, weights: new Map() }), [1]))
})

const nineInThree = new HierarchicalQuorums({
  voterIds: [1, 2, 3, 4, 5, 6, 7, 8, 9],
  groups: new Map([
    [1, [1, 2, 3]],
    [2, [4, 5, 6]],
    [3, [7, 8, 9]],
  ]),
  weights: new Map(),
})

test('majorities of a majority of groups decide', () => {
  assert.ok(isQuorum(nineInThree, [1, 2, 4, 5]))
  assert.ok(!isQuorum(nineInThree, [1, 2, 3, 4, 7]))
  assert.ok(!isQuorum(nineInThree, [1, 4, 7]))
})

test('a group is won by more than half of its weight', () => {
  const groups = new Map([[1, [1, 2, 3]]])
  const weights = new Map([[1, 3]])
  const heavy = new HierarchicalQuorums({ voterIds: [1, 2, 3], groups, weights })
  assert.ok(isQuorum(heavy, [1]))
  assert.ok(!isQuorum(heavy, [2, 3]))
  assert.equal(heavy.weightOf(1), 3)
  assert.equal(heavy.weightOf(2), 1)
})

test('groups without weight are not counted', () => {
  const two = new HierarchicalQuorums({
    voterIds: [1, 2, 3],
    groups: new Map([
      [1, [1]],
      [2, [2, 3]],
    ]),
    weights: new Map([
      [2, 0],
      [3, 0],
    ]),
  })
  assert.ok(isQuorum(two, [1]))
  assert.ok(!isQuorum(two, [2, 3]))
  assert.equal(two.weightOf(2), 0)
})

const makeOf =
  (groups: [number, number[]][], weights: [number, number][]) => (): HierarchicalQuorums =>
    new HierarchicalQuorums({
      voterIds: [1, 2],
      groups: new Map(groups),
      weights: new Map(weights),
    })

test('a voter must be in one group, and weights may not be negative', () => {
  const code = 'MEMBERSHIP_GROUPS'
  assert.throws(makeOf([[1, [1]]], []), { code, message: /server 2 .* no group/ })
  assert.throws(
    makeOf(
      [
        [1, [1, 2]],
        [2, [2]],
      ],
      [],
    ),
    { code, message: /server 2 .* group 1 .* group 2/ },
  )
  assert.throws(makeOf([[1, [1, 2]]], [[1, -1]]), { code, message: /weight -1/ })
})
