/**
 * What must hold in every run of an ensemble, checked at every step:
 *
 * 1. An epoch has one leader.
 * 2. All deliver the same transactions in the same order; what was delivered anywhere a later leader has from its start.
 * 3. What a leader delivers, and what it starts with, is on the disks of a quorum; so is the epoch that it starts with.
 * 4. Who is confirmed as leader, or has its sync answered, has everything that was delivered anywhere before it asked.
 */
import assert from 'node:assert/strict'
import type { Proposal, Term } from '@quorate/consensus'
import { zxidText } from './memory-history.ts'
import type { ZabServer, ZabWorld } from './zab-world.ts'

export class Agreement {
  /** What was delivered in terms, by all servers together. */
  readonly order: Proposal[] = []
  confirmations = 0
  syncs = 0
  readonly #world: () => ZabWorld
  readonly #leaderByEpoch = new Map<number, number>()
  /** Of each learner's unanswered syncs: what had been delivered when it asked. */
  readonly #askedBySync = new Map<number, number[]>()

  constructor(world: () => ZabWorld) {
    this.#world = world
  }

  termStarted(server: ZabServer, term: Term): void {
    const { id, history } = server
    this.#askedBySync.set(id, [])
    if (term.role === 'leading') this.#leadingStarted(server, term.epoch)
    else
      assert.ok(
        history.applied.length <= this.order.length,
        `server ${id} has applied what nobody delivered`,
      )
    const common = Math.min(this.order.length, history.applied.length)
    for (let at = 0; at < common; at++) this.#sameAt(server, at, history.applied[at])
    // What a leader starts with is delivered by that.
    if (term.role === 'leading') this.order.push(...history.applied.slice(this.order.length))
  }

  delivered(server: ZabServer, proposal: Proposal): void {
    const at = server.history.applied.length - 1
    if (at < this.order.length) this.#sameAt(server, at, proposal)
    else {
      assert.equal(at, this.order.length, `server ${server.id} skips what was delivered`)
      this.order.push(proposal)
    }
    if (server.term?.role === 'leading') this.#onQuorum(server, proposal.zxid)
  }

  /** A leader asks for proof that it leads. */
  confirm(server: ZabServer): void {
    const { term } = server
    if (term?.role !== 'leading') return
    const deliveredBefore = this.order.length
    term.confirmLeadership(() => {
      this.confirmations++
      assert.equal(server.term, term)
      this.#isUpToDate(server, deliveredBefore, 'is confirmed')
    })
  }

  /** A learner has asked for a sync. */
  syncAsked(server: ZabServer): void {
    this.#askedBySync.get(server.id)?.push(this.order.length)
  }

  syncAnswered(server: ZabServer): void {
    this.syncs++
    const deliveredBefore = this.#askedBySync.get(server.id)?.shift()
    assert.ok(deliveredBefore !== undefined, `server ${server.id} asked for no sync`)
    this.#isUpToDate(server, deliveredBefore, 'has its sync answered')
  }

  #isUpToDate(server: ZabServer, deliveredBefore: number, what: string): void {
    const { length } = server.history.applied
    assert.ok(
      length >= deliveredBefore,
      `server ${server.id} ${what} with ${length} transactions; ${deliveredBefore} were delivered before it asked`,
    )
  }

  #leadingStarted(server: ZabServer, epoch: number): void {
    const { id, history, committed } = server
    const before = this.#leaderByEpoch.get(epoch)
    assert.ok(before === undefined, `epoch ${epoch} has the leaders ${before} and ${id}`)
    this.#leaderByEpoch.set(epoch, id)
    assert.ok(
      history.applied.length >= this.order.length,
      `leader ${id} of epoch ${epoch} lacks what was delivered`,
    )
    const { lastZxid } = history
    this.#onQuorum(server, lastZxid)
    assert.ok(
      committed.quorums.isQuorum(
        (it) => (this.#world().servers.get(it)?.history.currentEpoch ?? 0) >= epoch,
      ),
      `the epoch ${epoch} is not on a quorum of disks`,
    )
  }

  #onQuorum(server: ZabServer, zxid: number): void {
    const { servers } = this.#world()
    const isDurable = (id: number): boolean => (servers.get(id)?.history.durableZxid ?? -1) >= zxid
    assert.ok(
      server.committed.quorums.isQuorum(isDurable),
      `leader ${server.id} delivers ${zxidText(zxid)}, which is not on a quorum of disks`,
    )
  }

  #sameAt(server: ZabServer, at: number, proposal: Proposal): void {
    assert.equal(
      zxidText(proposal.zxid),
      zxidText(this.order[at].zxid),
      `server ${server.id} at ${at}`,
    )
    assert.deepEqual(proposal.bytes, this.order[at].bytes)
  }
}
