/** A leader whose disk has become slow hands over to those whose disks are not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ZabReport } from '@quorate/consensus'
import { membershipOf } from '../election/election-membership.ts'
import { DiskLag } from '../../src/zab/disk-lag.ts'
import { type ZabServer, ZabWorld } from './zab-world.ts'

const limitMs = 500
const tickTimeMs = 200

interface Slow {
  readonly world: ZabWorld
  readonly servers: readonly ZabServer[]
  readonly reports: ZabReport[]
}

/** Three voters, led by the third. */
function ensemble(leaderDiskLagMs = limitMs): Slow {
  const reports: ZabReport[] = []
  const world = new ZabWorld({ observer: { reported: (_id, report) => reports.push(report) } })
  const membership = membershipOf({ voters: [1, 2, 3] })
  const servers = [1, 2, 3].map((id) =>
    world.add(id, membership, { leaderDiskLagMs, tickTimeMs, maxNotificationIntervalMs: 1_000 }),
  )
  for (const server of servers) server.start()
  world.runUntil(() => servers.every(({ term }) => term !== undefined))
  assert.equal(world.leader!.id, 3)
  return { world, servers, reports }
}

function releaseDisk(server: ZabServer): void {
  server.isDiskHeld = false
  while (server.completeNext());
}

test('a leader whose log lags behind what it commits hands over, and follows once its disk has caught up', () => {
  const { world, servers, reports } = ensemble()
  const slow = world.server(3)
  slow.isDiskHeld = true
  slow.submit('a')
  world.run(limitMs - 150)
  assert.equal(world.leader!.id, 3)
  assert.ok(servers.every(({ delivered }) => delivered.length === 1))
  world.runUntil(() => world.leader !== undefined && world.leader.id !== 3, 2_000)
  assert.equal(world.leader!.id, 2)
  assert.ok(reports.some(({ code }) => code === 'LEADER_DISK_SLOW'))
  world.leader!.submit('b')
  world.runUntil(() => world.server(1).delivered.length === 2)
  releaseDisk(slow)
  world.runUntil(() => slow.term?.role === 'following')
  world.run(10_000)
  assert.equal(world.leader!.id, 2)
  assert.equal(slow.history.lastZxid, world.leader!.history.lastZxid)
})

test('a disk that catches up in time is left alone, and so is one where that is wanted', () => {
  for (const [leaderDiskLagMs, heldMs] of [
    [limitMs, limitMs - 200],
    [0, 900],
  ] as const) {
    const { world } = ensemble(leaderDiskLagMs)
    const slow = world.server(3)
    const { term } = slow
    for (let at = 0; at < 5; at++) {
      slow.isDiskHeld = true
      slow.submit(`a${at}`)
      world.run(heldMs)
      releaseDisk(slow)
      world.run(50)
    }
    assert.equal(world.leader, slow)
    assert.equal(slow.term, term)
  }
})

test('a leader hands over for many syncs that are each shorter than the limit', () => {
  const { world, reports } = ensemble()
  const slow = world.server(3)
  const beganAtMs = world.nowMs
  while (world.leader === slow) {
    assert.ok(world.nowMs - beganAtMs < 20 * limitMs, 'it leads on')
    slow.isDiskHeld = true
    slow.submit('a')
    world.run(limitMs / 2)
    releaseDisk(slow)
    world.run(10)
  }
  assert.ok(world.nowMs - beganAtMs > 10 * limitMs)
  const { message } = reports.find(({ code }) => code === 'LEADER_DISK_SLOW')!
  assert.match(message, /again and again, for more than \d+ ms/)
  world.runUntil(() => world.leader !== undefined, 2_000)
  assert.notEqual(world.leader!.id, 3)
})

test('a leader whose disk is slow keeps leading when all disks are, or when the others are no quorum', () => {
  const all = ensemble()
  for (const server of all.servers) server.isDiskHeld = true
  all.world.leader!.submit('a')
  all.world.run(900)
  assert.equal(all.world.leader!.id, 3)
  const few = ensemble()
  few.world.server(3).isDiskHeld = true
  few.world.leader!.submit('a')
  few.world.run(100)
  few.world.server(1).crash()
  few.world.run(800)
  assert.equal(few.world.leader!.id, 3)
})

test('what was proposed before it hands over is committed, and what comes then is not proposed', () => {
  const { world, servers } = ensemble()
  const slow = world.server(3)
  slow.isDiskHeld = true
  slow.submit('a')
  world.run(limitMs - 150)
  // Under way when the time is up.
  for (const id of [1, 2]) world.server(id).isDiskHeld = true
  slow.submit('b')
  world.run(260)
  const { lastZxid } = slow.history
  slow.submit('c')
  world.run(20)
  assert.equal(slow.history.lastZxid, lastZxid)
  for (const id of [1, 2]) releaseDisk(world.server(id))
  world.runUntil(() => world.leader !== undefined && world.leader.id !== 3, 2_000)
  releaseDisk(slow)
  world.runUntil(() => servers.every(({ term }) => term !== undefined))
  for (const { history } of servers) assert.equal(history.lastZxid, lastZxid)
})

test('when the others do not commit what is under way, the leader is elected anew, with all that it has', () => {
  const { world, servers } = ensemble()
  const slow = world.server(3)
  const before = slow.term!.epoch
  slow.isDiskHeld = true
  slow.submit('a')
  world.run(limitMs - 150)
  for (const id of [1, 2]) world.server(id).isDiskHeld = true
  slow.submit('b')
  world.run(600)
  for (const server of servers) releaseDisk(server)
  world.runUntil(() => servers.every(({ term }) => term !== undefined && term.epoch > before))
  assert.ok(servers.every(({ history }) => history.applied.length === 2))
})

test('who gives way votes for another, and leads again when nobody else does for two ticks', () => {
  const { world } = ensemble()
  const slow = world.server(3)
  slow.isDiskHeld = true
  slow.submit('a')
  world.runUntil(() => slow.term === undefined, 2_000)
  for (const id of [1, 2]) world.server(id).crash()
  releaseDisk(slow)
  const freeAtMs = world.nowMs
  world.run(50)
  world.server(1).start()
  world.runUntil(() => world.leader !== undefined)
  // Its vote makes a leader of the other one at once.
  assert.equal(world.leader!.id, 1)
  assert.ok(world.nowMs - freeAtMs < 2 * tickTimeMs)
  const alone = ensemble()
  const last = alone.world.server(3)
  last.isDiskHeld = true
  last.submit('a')
  alone.world.runUntil(() => last.term === undefined, 2_000)
  for (const id of [1, 2]) alone.world.server(id).crash()
  releaseDisk(last)
  alone.world.run(3 * tickTimeMs)
  alone.world.server(1).start()
  alone.world.runUntil(() => alone.world.leader !== undefined, 5_000)
  assert.equal(alone.world.leader!.id, 3)
})

test('the lag of a log is the age of the oldest commit that it was seen to lack', () => {
  const lag = new DiskLag(limitMs, 0)
  lag.observe({ committed: 5, durable: 5, nowMs: 0 })
  assert.equal(lag.lagMs(100), 0)
  lag.observe({ committed: 7, durable: 5, nowMs: 100 })
  lag.observe({ committed: 9, durable: 6, nowMs: 200 })
  assert.equal(lag.lagMs(250), 150)
  lag.observe({ committed: 9, durable: 7, nowMs: 300 })
  assert.equal(lag.lagMs(310), 10)
  lag.observe({ committed: 9, durable: 12, nowMs: 320 })
  assert.equal(lag.lagMs(1_000), 0)
})

/** Lags of one length, with pauses of one length between them, for a while. @returns whether the disk was found to be slow */
function isFoundSlow(lagMs: number, pauseMs: number): boolean {
  const lag = new DiskLag(limitMs, 0)
  let nowMs = 0
  for (let zxid = 1; nowMs < 100 * limitMs; zxid++) {
    lag.observe({ committed: zxid, durable: zxid - 1, nowMs })
    nowMs += lagMs
    if (lag.slowness(nowMs) !== undefined) return true
    lag.observe({ committed: zxid, durable: zxid, nowMs })
    nowMs += pauseMs
  }
  return false
}

test('a disk is slow that lags most of the time, by a tenth of the limit at least', () => {
  assert.equal(isFoundSlow(limitMs, 60_000), true, 'once for the limit')
  assert.equal(isFoundSlow(limitMs / 2, 10), true)
  assert.equal(isFoundSlow(limitMs / 10, 1), true)
  assert.equal(isFoundSlow(limitMs / 10 - 1, 1), false, 'each too short')
  assert.equal(isFoundSlow(limitMs / 2, limitMs / 2), false, 'half of the time')
  assert.equal(isFoundSlow(limitMs - 1, 60_000), false, 'now and then')
})
