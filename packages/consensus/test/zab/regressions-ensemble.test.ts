/** What went wrong in whole ensembles of Apache ZooKeeper, by the number of the issue, and why it can't here. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMembership } from '@quorate/consensus'
import { makeZxid, PeerState } from '@quorate/protocol'
import { txnOf } from './role-fixture.ts'
import { type ZabServer, ZabWorld } from './zab-world.ts'
import { textOf } from './text-txn.ts'

const [z11, z12, z13] = [1, 2, 3].map((counter) => makeZxid(1, counter))
const inEpoch1 = { currentEpoch: 1, acceptedEpoch: 1 }

function membershipText(ids: readonly number[], version = 0): string {
  const lines = ids.map((id) => `server.${id}=s${id}:2888:3888:participant;2181`)
  return [...lines, `version=${version.toString(16)}`].join('\n')
}

function ensembleOf(
  ids: readonly number[],
  options: Parameters<ZabWorld['add']>[2] = {},
): { readonly world: ZabWorld; readonly servers: readonly ZabServer[] } {
  const world = new ZabWorld()
  const membership = parseMembership(membershipText(ids))
  const servers = ids.map((id) => world.add(id, membership, options))
  return { world, servers }
}

function zxidsOf({ history }: ZabServer): readonly number[] {
  return history.applied.map(({ zxid }) => zxid)
}

test('ZOOKEEPER-2845: memory has what the log has when a server votes and is synchronised', () => {
  // A server kept its memory over an election while its log had a transaction more; the DIFF skipped that in memory only.
  const { world, servers } = ensembleOf([1, 2, 3])
  for (const server of servers) server.start()
  world.runUntil(() => servers.every((it) => it.term !== undefined))
  // The proposal reaches server 1 and is never committed in this term; then everybody loses the leader.
  world.cut(2, 3)
  world.hold(1, 3)
  const zxid = world.server(3).submit('a')
  world.runUntil(() => world.server(1).history.durableZxid === zxid)
  assert.deepEqual(zxidsOf(world.server(1)), [])
  world.server(3).crash()
  world.runUntil(() => world.server(1).term !== undefined)
  for (const id of [1, 2]) assert.deepEqual(zxidsOf(world.server(id)), [zxid])
})

test('ZOOKEEPER-4541, 4712: no role begins before the disk is done with the last one', () => {
  // The writer thread of the role before went on, and its transactions came behind those of the next.
  const { world, servers } = ensembleOf([1, 2, 3])
  for (const server of servers) server.start()
  world.runUntil(() => servers.every((it) => it.term !== undefined))
  const slow = world.server(1)
  slow.isDiskHeld = true
  world.server(3).submit('a')
  world.runUntil(() => slow.waitingOperations.length === 1)
  world.cut(1, 3)
  world.heal(1, 3)
  world.run(2_000)
  assert.equal(slow.term, undefined)
  assert.deepEqual(slow.waitingOperations, ['syncs the log to 1:1'])
  slow.completeNext()
  slow.isDiskHeld = false
  world.runUntil(() => slow.term !== undefined)
  assert.deepEqual(zxidsOf(slow), [z11])
})

test('ZOOKEEPER-1653, 4269: a server whose history is later than its epoch starts', () => {
  // It refused to, after a crash between the snapshot and the epoch.
  const { world, servers } = ensembleOf([1, 2, 3])
  const ahead = world.server(1).history
  ahead.plant({ ...inEpoch1, acceptedEpoch: 2, log: [txnOf(z11), txnOf(makeZxid(2, 1))] })
  for (const server of servers) server.start()
  world.runUntil(() => servers.every((it) => it.term !== undefined))
  for (const server of servers) assert.deepEqual(zxidsOf(server), [z11, makeZxid(2, 1)])
})

test('ZOOKEEPER-4643: who has a late epoch and a short history does not cut off what was committed', () => {
  // currentEpoch was written before the transactions. Here a crash at any operation of the disk leaves no such server.
  for (let operations = 0; operations < 4; operations++) {
    const { world, servers } = ensembleOf([1, 2, 3])
    for (const id of [2, 3])
      world.server(id).history.plant({ ...inEpoch1, log: [z11, z12, z13].map(txnOf) })
    world.server(1).history.plant({ ...inEpoch1, log: [txnOf(z11)] })
    for (const id of [2, 3]) world.server(id).start()
    world.runUntil(() => world.server(3).term !== undefined)
    const late = world.server(1)
    late.isDiskHeld = true
    late.start()
    for (let done = 0; done < operations; done++) {
      world.run(400)
      late.completeNext()
    }
    for (const server of servers) if (server.isUp) server.crash()
    late.isDiskHeld = false
    for (const id of [1, 2]) world.server(id).start()
    world.runUntil(() => [1, 2].every((id) => world.server(id).term !== undefined))
    for (const id of [1, 2]) assert.deepEqual(zxidsOf(world.server(id)), [z11, z12, z13])
  }
})

test('ZOOKEEPER-1277: a counter that is used up begins another epoch, and nothing is lost', () => {
  const { world, servers } = ensembleOf([1, 2, 3], { zxidCounterMax: 3 })
  for (const server of servers) server.start()
  const texts: string[] = []
  while (texts.length < 10) {
    world.runUntil(() => servers.every((it) => it.term !== undefined))
    const before = world.server(1).history.applied.length
    const text = `${texts.length}`
    world.leader!.submit(text)
    world.run(1_000)
    if (world.server(1).history.applied.length > before) texts.push(text)
  }
  for (const { history } of servers) {
    assert.deepEqual(
      history.applied.map(({ bytes }) => textOf(bytes)),
      texts,
    )
    for (const { zxid } of history.applied) assert.ok(zxid % 2 ** 32 >= 1 && zxid % 2 ** 32 <= 3)
  }
})

test('ZOOKEEPER-1783: first memberships of equal version are told apart by the leader that uses them', () => {
  const { world, servers } = ensembleOf([1, 2, 3], { reconfigEnabled: true })
  for (const server of servers) server.start()
  world.runUntil(() => servers.every((it) => it.term !== undefined))
  for (const { committed } of servers) assert.equal(committed.version, makeZxid(1, 0))
})

test('a server that alone knows of a proposed membership joins those who do not', () => {
  // It would wait for a quorum of that membership, which nobody else is going to be in.
  const { world, servers } = ensembleOf([1, 2, 3], {
    reconfigEnabled: true,
    standaloneEnabled: false,
  })
  const alone = world.server(3)
  alone.history.plant({ ...inEpoch1, log: [txnOf(z11)] })
  alone.lastSeen = parseMembership(membershipText([3, 4, 5], z11))
  for (const id of [1, 2]) world.server(id).start()
  world.runUntil(() => world.leader !== undefined)
  alone.start()
  world.runUntil(() => servers.every((it) => it.term !== undefined))
  assert.equal(alone.lastSeen.text, world.leader!.committed.text)
  assert.deepEqual(zxidsOf(alone), [])
})

test('a membership whose transaction is not in the history does not count', () => {
  // It was proposed, and cut off or lost in a crash; servers that it adds would be waited for.
  const { world, servers } = ensembleOf([1], { reconfigEnabled: true, standaloneEnabled: false })
  const [server] = servers
  server.history.plant({ ...inEpoch1, log: [txnOf(z11)] })
  server.lastSeen = parseMembership(membershipText([1, 2, 3], z12))
  server.start()
  world.runUntil(() => server.term !== undefined)
  assert.deepEqual([...server.lastSeen.memberById.keys()], [1])
})

test('a leader that hands over confirms nothing after its term', () => {
  const { world, servers } = ensembleOf([1, 2, 3], { reconfigEnabled: true })
  for (const server of servers) server.start()
  world.runUntil(() => servers.every((it) => it.term !== undefined))
  world.run(10)
  const leader = world.server(3)
  let confirmedAfterTerm = 0
  // The answers to the pings come before the acknowledgement, and the delivery that the question waits for ends the term.
  assert.ok(leader.reconfigure({ leaving: '3' }) > 0)
  if (leader.term?.role === 'leading')
    leader.term.confirmLeadership(() => {
      if (leader.term === undefined) confirmedAfterTerm++
    })
  world.runUntil(() => world.leader !== undefined && world.leader !== leader)
  assert.equal(confirmedAfterTerm, 0)
})

test('a server that does not know yet that it is to vote brings its round to one that waits for it', () => {
  const { world, servers } = ensembleOf([1], { reconfigEnabled: true, standaloneEnabled: false })
  const added = world.add(2, servers[0].committed, { reconfigEnabled: true })
  const leader = servers[0]
  leader.history.plant({ ...inEpoch1, log: [txnOf(z11), txnOf(z12)] })
  leader.lastSeen = parseMembership(membershipText([1, 2], z12))
  // It has looked for a leader in several rounds, in vain, when the other one begins its first.
  added.start()
  for (let round = 0; round < 3; round++)
    added.engine?.notificationReceived(1, {
      state: PeerState.leading,
      leader: 1,
      zxid: 0,
      electionEpoch: 1,
      peerEpoch: 1,
      version: 2,
      config: undefined,
    })
  world.run(5_000)
  leader.start()
  world.runUntil(() => leader.term !== undefined && added.term !== undefined)
})

test('a leader hears of voters that leave it before it has an epoch', () => {
  const world = new ZabWorld()
  const membership = parseMembership(membershipText([1, 2, 3]))
  for (const id of [1, 2]) world.add(id, membership, { initLimit: 2 })
  const leader = world.add(3, membership, { initLimit: 100, maxTimeToWaitForEpochMs: 100 })
  for (const id of [1, 2]) world.hold(id, 3)
  for (const id of [1, 2, 3]) world.server(id).start()
  world.runUntil(() => leader.engine?.state === 'leading')
  const beganMs = world.nowMs
  world.runUntil(() => leader.engine?.state !== 'leading')
  assert.ok(world.nowMs - beganMs < 2_000, `${world.nowMs - beganMs} ms`)
})
