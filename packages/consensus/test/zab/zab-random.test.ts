/**
 * Random runs of whole ensembles: crashes that lose what was not synced, cut connections, random delays. Whatever happens, what was
 * delivered in a term of anybody stays delivered, in one order, and when the faults are over the ensemble serves again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Proposal } from '@quorate/consensus'
import { membershipOf } from '../election/election-membership.ts'
import { type ZabServer, ZabWorld } from './zab-world.ts'

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** What was delivered in terms, by all servers together. */
class Agreement {
  readonly order: Proposal[] = []
  readonly leaderByEpoch = new Map<number, number>()

  termStarted(server: ZabServer): void {
    const { term, history } = server
    if (term?.role === 'leading') {
      const before = this.leaderByEpoch.get(term.epoch)
      assert.ok(
        before === undefined,
        `epoch ${term.epoch} has the leaders ${before} and ${server.id}`,
      )
      this.leaderByEpoch.set(term.epoch, server.id)
    }
    // A learner may start its term while its leader has delivered more; a leader has it all.
    const common = Math.min(this.order.length, history.applied.length)
    if (term?.role === 'leading') assert.ok(history.applied.length >= this.order.length)
    for (let at = 0; at < common; at++) this.#sameAt(server, at, history.applied[at]!)
    // What a leader starts with is delivered by that.
    if (term?.role === 'leading') this.order.push(...history.applied.slice(this.order.length))
  }

  delivered(server: ZabServer, proposal: Proposal): void {
    const at = server.history.applied.length - 1
    if (at < this.order.length) this.#sameAt(server, at, proposal)
    else {
      assert.equal(at, this.order.length)
      this.order.push(proposal)
    }
  }

  #sameAt(server: ZabServer, at: number, proposal: Proposal): void {
    assert.equal(proposal.zxid, this.order[at]!.zxid, `server ${server.id} at ${at}`)
    assert.deepEqual(proposal.bytes, this.order[at]!.bytes)
  }
}

function run(seed: number): { readonly terms: number; readonly delivered: number } {
  const random = randomOf(seed)
  const below = (n: number): number => Math.floor(random() * n)
  const agreement = new Agreement()
  let terms = 0
  const world: ZabWorld = new ZabWorld({
    delayMs: () => (random() < 0.05 ? below(150) : below(5)),
    diskDelayMs: () => (random() < 0.2 ? below(120) : below(10)),
    observer: {
      termStarted: (id) => {
        terms++
        agreement.termStarted(world.server(id))
      },
      delivered: (id, proposal) => agreement.delivered(world.server(id), proposal),
    },
  })
  const voters = [[1], [1, 2, 3], [1, 2, 3, 4, 5]][below(3)]!
  const observers = [[], [8], [8, 9]][below(3)]!
  const membership = membershipOf({ voters, observers })
  const commitLogCount = [3, 500][below(2)]!
  const zxidCounterMax = [20, 0xffff_fffe][below(2)]!
  const servers = [...voters, ...observers].map((id) => {
    const server = world.add(id, membership, { commitLogCount, zxidCounterMax })
    server.history.recentCountMax = commitLogCount
    return server
  })
  for (const server of servers) server.start()
  for (let round = 0; round < 120; round++) {
    act(world, servers, random)
    world.run(below(120))
  }
  for (const a of servers) for (const b of servers) world.heal(a.id, b.id)
  for (const server of servers) if (!server.isUp) server.start()
  const isSettled = (): boolean =>
    servers.every((it) => it.term !== undefined) && world.leader !== undefined
  world.runUntil(isSettled)
  world.run(3_000)
  world.runUntil(isSettled)
  world.leader!.submit('last')
  world.runUntil(() =>
    servers.every(
      (it) => it.history.applied.length === agreement.order.length && it.history.applied.length > 0,
    ),
  )
  return { terms, delivered: agreement.order.length }
}

function act(world: ZabWorld, servers: readonly ZabServer[], random: () => number): void {
  const pick = (): ZabServer => servers[Math.floor(random() * servers.length)]!
  const chance = random()
  const [a, b] = [pick(), pick()]
  if (chance < 0.1) a.isUp ? a.crash() : a.start()
  else if (chance < 0.25 && !a.isUp) a.start()
  else if (chance < 0.35 && a !== b) world.cut(a.id, b.id)
  else if (chance < 0.55) world.heal(a.id, b.id)
  else if (chance < 0.58 && world.leader !== undefined) world.leader.crash()
  else if (chance < 0.62) crashAtOnce(servers, random)
  else
    for (const leader of servers)
      if (leader.term?.role === 'leading')
        for (let count = Math.floor(random() * 4); count >= 0 && leader.term !== undefined; count--)
          leader.submit(`${world.nowMs}/${count}`)
}

/** A power failure: many go at once, and most come back at once. */
function crashAtOnce(servers: readonly ZabServer[], random: () => number): void {
  const struck = servers.filter((it) => it.isUp && random() < 0.8)
  for (const server of struck) server.crash()
  for (const server of struck) if (random() < 0.7) server.start()
}

const [first, last] = (process.env['ZAB_SEEDS'] ?? '1..60').split('..').map(Number) as [
  number,
  number,
]

test(`random ensembles keep what was delivered and serve again (seeds ${first} to ${last})`, () => {
  let delivered = 0
  for (let seed = first; seed <= last; seed++) {
    try {
      delivered += run(seed).delivered
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
  assert.ok(delivered > 20 * (last - first))
})
