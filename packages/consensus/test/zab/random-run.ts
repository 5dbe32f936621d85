/**
 * One random run of an ensemble: crashes that lose what was not synced, lost disks of servers that don't vote, cut connections, torn
 * chunks, random delays, snapshots that purge the log, changes of the membership. When the faults are over it must serve again.
 */
import assert from 'node:assert/strict'
import { type LearnerTerm, type Membership, parseMembership } from '@quorate/consensus'
import { OpCode, type SessionId } from '@quorate/protocol'
import { Agreement } from './agreement.ts'
import { type ZabServer, ZabWorld } from './zab-world.ts'

export interface RunFigures {
  readonly delivered: number
  readonly terms: number
  readonly confirmations: number
  readonly syncs: number
  readonly reconfigurations: number
  readonly syncsByKind: ReadonlyMap<string, number>
}

/** Mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

export class RandomRun {
  readonly #random: () => number
  readonly #agreement: Agreement
  readonly #world: ZabWorld
  readonly #servers: readonly ZabServer[]
  readonly #isReconfiguring: boolean
  /** Drawn apart, so that the runs without are what they were before there were any. */
  readonly #hasObserverMasters: boolean
  /** How much of what happens is a fault. */
  readonly #faultShare: number
  readonly #syncsByKind = new Map<string, number>()
  #terms = 0
  #reconfigurations = 0

  constructor(seed: number) {
    const random = randomOf(seed)
    this.#random = random
    const isTorn = random() < 0.3
    const agreement = new Agreement(() => world)
    const world: ZabWorld = new ZabWorld({
      delayMs: () => (random() < 0.05 ? this.#below(150) : this.#below(5)),
      diskDelayMs: () => (random() < 0.2 ? this.#below(120) : this.#below(10)),
      splitAt: (length) => (isTorn ? this.#below(length) : 0),
      observer: {
        termStarted: (id, term) => {
          this.#terms++
          agreement.termStarted(world.server(id), term)
        },
        delivered: (id, proposal) => agreement.delivered(world.server(id), proposal),
        told: (id, what) => {
          if (what === 'sync answered') agreement.syncAnswered(world.server(id))
        },
        membershipChanged: () => this.#reconfigurations++,
        reported: (_id, { code, fields }) => {
          if (code === 'LEARNER_SYNC') this.#countSync(String(fields?.['kind']))
        },
      },
    })
    this.#world = world
    this.#agreement = agreement
    this.#isReconfiguring = random() < 0.5
    this.#hasObserverMasters = randomOf(~seed)() < 0.5
    this.#faultShare = this.#pick([1, 0.3])
    this.#servers = this.#found()
  }

  /** @throws an Error when something is not as it must be */
  play(): RunFigures {
    for (const server of this.#servers) server.start()
    for (let round = 0; round < 120; round++) {
      this.#act()
      this.#world.run(this.#below(120))
    }
    this.#settle()
    return {
      delivered: this.#agreement.order.length,
      terms: this.#terms,
      confirmations: this.#agreement.confirmations,
      syncs: this.#agreement.syncs,
      reconfigurations: this.#reconfigurations,
      syncsByKind: this.#syncsByKind,
    }
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n)
  }

  #pick<T>(all: readonly T[]): T {
    return all[this.#below(all.length)]
  }

  #countSync(kind: string): void {
    this.#syncsByKind.set(kind, (this.#syncsByKind.get(kind) ?? 0) + 1)
  }

  #found(): readonly ZabServer[] {
    const voters = this.#pick([[1], [1, 2, 3], [1, 2, 3, 4, 5]])
    const observers = this.#pick([[], [8], [8, 9]])
    const strangers = this.#isReconfiguring ? this.#pick([[], [10], [10, 11]]) : []
    const membership = membershipOf(voters, observers)
    const commitLogCount = this.#pick([3, 500])
    const options = {
      commitLogCount,
      zxidCounterMax: this.#pick([20, 0xffff_fffe]),
      reconfigEnabled: this.#isReconfiguring,
      standaloneEnabled: false,
      hasObserverMasters: this.#hasObserverMasters,
      forceSnapshotSync: this.#random() < 0.1,
    }
    const isImageLate = this.#random() < 0.5
    return [...voters, ...observers, ...strangers].map((id) => {
      const server = this.#world.add(id, membership, options)
      server.history.recentCountMax = commitLogCount
      server.history.isImageLate = isImageLate
      server.history.sizes = { snapshotBytes: 100, logBytes: this.#pick([20, 50]) }
      return server
    })
  }

  #act(): void {
    const [a, b] = [this.#pick(this.#servers), this.#pick(this.#servers)]
    const chance = this.#random() < this.#faultShare ? this.#random() : 1
    if (chance < 0.08 && a.isUp) a.crash()
    else if (chance < 0.2 && !a.isUp) a.start()
    else if (chance < 0.3 && a !== b) this.#world.cut(a.id, b.id)
    else if (chance < 0.48) this.#world.heal(a.id, b.id)
    else if (chance < 0.51) this.#world.leader?.crash()
    else if (chance < 0.55) this.#crashAtOnce()
    else if (chance < 0.57) this.#loseDisk(a)
    else if (chance < 0.6) this.#snapshot(a)
    else if (chance < 0.63) this.#isolateLeader()
    else if (chance < 0.68 && this.#isReconfiguring) this.#reconfigure()
    else if (chance < 0.71 && a !== b) this.#world.hold(a.id, b.id)
    else if (chance < 0.74) this.#world.release(a.id, b.id)
    else if (chance < 0.75) this.#silenceLeader()
    else if (chance < 0.82) for (const server of this.#servers) this.#agreement.confirm(server)
    else if (chance < 0.87) this.#sync(a)
    else for (const leader of this.#servers) this.#submit(leader)
  }

  #submit(leader: ZabServer): void {
    for (let count = this.#below(4); count >= 0 && leader.term?.role === 'leading'; count--)
      leader.submit(`${this.#world.nowMs}/${leader.id}/${count}`)
  }

  /** The leader proposes to one follower at most, and both go: their logs have what nobody else knows of. */
  #isolateLeader(): void {
    const { leader } = this.#world
    if (leader === undefined) return
    const companion = this.#pick(this.#servers)
    for (const other of this.#servers) if (other !== companion) this.#world.cut(leader.id, other.id)
    this.#submit(leader)
    this.#world.run(this.#below(60))
    for (const server of [leader, companion]) if (server.isUp) server.crash()
    for (const other of this.#servers)
      if (this.#random() < 0.7) this.#world.heal(leader.id, other.id)
    if (this.#random() < 0.5) return
    // The others may have elected another leader, and have had no time to propose.
    this.#world.run(300 + this.#below(300))
    for (const server of [leader, companion]) if (!server.isUp) server.start()
    this.#world.run(300 + this.#below(300))
  }

  /** Nothing breaks, but nothing of the leader's comes through, and the others may elect another one; or the other way round. */
  #silenceLeader(): void {
    const { leader } = this.#world
    if (leader === undefined) return
    const isDeaf = this.#random() < 0.5
    for (const other of this.#servers)
      if (isDeaf) this.#world.hold(other.id, leader.id)
      else this.#world.hold(leader.id, other.id)
  }

  /** A power failure: many go at once, and most come back at once. */
  #crashAtOnce(): void {
    const struck = this.#servers.filter((it) => it.isUp && this.#random() < 0.8)
    for (const server of struck) server.crash()
    for (const server of struck) if (this.#random() < 0.7) server.start()
  }

  /** The disk of a server that votes nowhere is replaced by an empty one. */
  #loseDisk(server: ZabServer): void {
    const isVoter = this.#servers.some(
      ({ committed, lastSeen }) =>
        committed.quorums.isVoter(server.id) || lastSeen.quorums.isVoter(server.id),
    )
    if (isVoter) return
    if (server.isUp) server.crash()
    server.history.wipe()
  }

  /** Of what is committed and durable: the log before it is purged. */
  #snapshot({ term, history }: ZabServer): void {
    const delivered = history.applied.at(-1)?.zxid
    if (term !== undefined && delivered !== undefined)
      history.takeSnapshot(Math.min(delivered, history.durableZxid))
  }

  #sync(server: ZabServer): void {
    const { term } = server
    if (term === undefined || term.role === 'leading') return
    this.#agreement.syncAsked(server)
    const learning: LearnerTerm = term
    const body = new Uint8Array(0)
    learning.sync({ session: 1n as SessionId, cxid: 1, type: OpCode.sync, body, identities: [] })
  }

  #reconfigure(): void {
    const leader = this.#pick(this.#servers.filter((it) => it.term?.role === 'leading'))
    if (leader === undefined) return
    const { id } = this.#pick(this.#servers)
    const chance = this.#random()
    if (chance < 0.4) leader.reconfigure({ joining: serverLine(id, 'participant') })
    else if (chance < 0.6) leader.reconfigure({ joining: serverLine(id, 'observer') })
    else if (chance < 0.8) leader.reconfigure({ leaving: `${id}` })
    else {
      const members = this.#servers.filter(() => this.#random() < 0.6)
      const lines = members.map((it) =>
        serverLine(it.id, this.#random() < 0.8 ? 'participant' : 'observer'),
      )
      leader.reconfigure({ newMembers: lines.join(',') })
    }
  }

  #settle(): void {
    const servers = this.#servers
    for (const a of servers)
      for (const b of servers) {
        this.#world.heal(a.id, b.id)
        this.#world.release(a.id, b.id)
      }
    for (const server of servers) if (!server.isUp) server.start()
    const isSettled = (): boolean =>
      servers.every((it) => it.term !== undefined) && this.#world.leader !== undefined
    this.#world.runUntil(isSettled)
    this.#world.run(3_000)
    this.#world.runUntil(isSettled)
    const { order } = this.#agreement
    const deliveredBefore = order.length
    let isConfirmed = false
    // The epoch's zxids may be used up: then another leader has to be asked.
    for (let attempt = 0; attempt < 3 && order.length === deliveredBefore; attempt++) {
      this.#world.runUntil(isSettled)
      const { leader } = this.#world
      leader?.submit('last')
      if (leader?.term?.role === 'leading')
        leader.term.confirmLeadership(() => {
          isConfirmed = true
        })
      this.#world.run(2_000)
    }
    assert.ok(order.length > deliveredBefore && isConfirmed, 'what is proposed is not delivered')
    this.#world.runUntil(() => servers.every((it) => it.history.applied.length === order.length))
  }
}

function serverLine(id: number, role: 'participant' | 'observer'): string {
  return `server.${id}=s${id}:2888:3888:${role};2181`
}

function membershipOf(voters: readonly number[], observers: readonly number[]): Membership {
  const lines = [
    ...voters.map((id) => serverLine(id, 'participant')),
    ...observers.map((id) => serverLine(id, 'observer')),
  ]
  return parseMembership([...lines, 'version=0'].join('\n'))
}
