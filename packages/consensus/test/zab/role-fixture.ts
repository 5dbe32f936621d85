/** One role of the engine by itself, between a disk and a peer that the test plays by hand. */
import {
  type DialListener,
  type Dialling,
  type LeaderTerm,
  type LearnerTerm,
  type Membership,
  parseMembership,
  type PeerLink,
  type PeerLinkListener,
  type Proposal,
  zabDefaults,
  type ZabOptions,
} from '@quorate/consensus'
import {
  encodeAckEpoch,
  encodeLeaderInfo,
  encodeLearnerInfo,
  JuteWriter,
  PacketType,
  writeQuorumPacket,
  type Zxid,
} from '@quorate/protocol'
import { Leader } from '../../src/zab/leader.ts'
import { Learner } from '../../src/zab/learner.ts'
import { MasterRotation } from '../../src/zab/master-rotation.ts'
import { LogSync } from '../../src/zab/log-sync.ts'
import { ProposalWindow } from '../../src/zab/proposal-window.ts'
import type { RoleEnd } from '../../src/zab/role-life.ts'
import type { RoleParts } from '../../src/zab/role-parts.ts'
import { PacketTrace } from '../transcripts/packet-trace.ts'
import { MemoryHistory, type MemoryDisk } from './memory-history.ts'
import { textTxn } from './text-txn.ts'

export interface RoleFixtureOptions {
  readonly disk?: Partial<MemoryDisk>
  readonly options?: Partial<ZabOptions>
  readonly voters?: readonly number[]
}

/** The peer's end of a connection with the role. */
export class PeerByHand implements PeerLink {
  queuedBytes = 0
  isClosed = false
  listener: PeerLinkListener | undefined
  /** What the role has sent. */
  readonly packets: string[] = []
  readonly #trace = new PacketTrace(() => true)

  write(bytes: Uint8Array, start: number, end: number): boolean {
    this.packets.push(...this.#trace.take(bytes.slice(start, end)))
    return true
  }

  pause(): void {}
  resume(): void {}

  close(): void {
    this.isClosed = true
  }

  send(type: number, zxid: Zxid, data: Uint8Array | null = null): void {
    const writer = new JuteWriter(64)
    writeQuorumPacket(writer, type, zxid, data)
    this.sendRaw(writer.copy())
  }

  sendRaw(bytes: Uint8Array): void {
    this.listener?.received(bytes, 0, bytes.length)
  }
}

export function txnOf(zxid: Zxid): Proposal {
  return { zxid, bytes: textTxn(zxid, `t${zxid}`) }
}

export class RoleFixture {
  readonly history: MemoryHistory
  readonly window: ProposalWindow
  readonly logSync: LogSync
  /** Operations of the disk that wait to be completed. */
  readonly operations: { readonly what: string; readonly run: () => void }[] = []
  readonly reports: string[] = []
  readonly delivered: Zxid[] = []
  isServing = false
  learnerTerm: LearnerTerm | undefined
  /** Of a role that leads. */
  term: LeaderTerm | undefined
  end: RoleEnd | undefined
  nowMs = 0
  readonly #timers = new Set<{ readonly dueMs: number; readonly run: () => void }>()
  readonly #parts: RoleParts
  #role: Leader | Learner | undefined
  #isTurnEndDue = false

  constructor(fixture: RoleFixtureOptions = {}) {
    const lines = (fixture.voters ?? [1, 2, 3]).map((id) => `server.${id}=s${id}:2888:3888;2181`)
    const membership = parseMembership(lines.join('\n'))
    this.history = new MemoryHistory((what, run) => this.operations.push({ what, run }))
    this.history.plant(fixture.disk ?? {})
    const options: ZabOptions = { ...zabDefaults, tickTimeMs: 200, serverId: 1, ...fixture.options }
    this.window = new ProposalWindow(options.commitLogCount)
    this.window.reset(this.history.recent, this.history.lastZxid)
    this.logSync = new LogSync(this.history)
    const deliver = (proposal: Proposal): void => {
      this.history.apply(proposal)
      this.delivered.push(proposal.zxid)
    }
    this.#parts = {
      options,
      window: this.window,
      logSync: this.logSync,
      epochHeard: 0,
      ended: (end) => {
        this.end = end
        this.#role?.end(() => {})
      },
      established: () => {},
      activated: () => {},
      ports: this.#ports(membership, deliver),
    }
  }

  get isOver(): boolean {
    return this.end !== undefined
  }

  /** The leaders that a learner has connected to; the last one is the present one. */
  readonly peers: PeerByHand[] = []

  /** Whom the learner has connected to, such as `leader 3` and `master 1`. */
  readonly dialled: string[] = []

  learn(isObserver = false): PeerByHand {
    const { options, ports } = this.#parts
    const masters =
      isObserver && options.hasObserverMasters
        ? new MasterRotation(options.serverId, ports.memberships)
        : undefined
    this.#role = new Learner(this.#parts, 3, isObserver, masters)
    this.#role.start()
    this.endTurn()
    return this.peers[0]
  }

  lead(): Leader {
    const leader = new Leader(this.#parts)
    this.#role = leader
    leader.start()
    this.endTurn()
    return leader
  }

  /** A learner connects to the leader. */
  connect(leader: Leader): PeerByHand {
    const peer = new PeerByHand()
    peer.listener = leader.accept(peer, 'learners')
    return peer
  }

  /** The elected leader of {@link learn} looks for a leader itself. */
  leaderLeft(): void {
    if (this.#role instanceof Learner) this.#role.leaderLeft()
    this.endTurn()
  }

  /** An observer connects to the follower that {@link learn} has begun. */
  connectObserver(): PeerByHand {
    const peer = new PeerByHand()
    if (this.#role instanceof Learner) peer.listener = this.#role.accept(peer)
    if (peer.listener === undefined) throw new Error('no follower serves observers')
    return peer
  }

  #dial(to: string, listener: DialListener): Dialling {
    const peer = new PeerByHand()
    this.dialled.push(to)
    this.peers.push(peer)
    peer.listener = listener.opened(peer)
    return { cancel() {} }
  }

  endTurn(): void {
    while (this.#isTurnEndDue) {
      this.#isTurnEndDue = false
      this.#role?.turnEnded()
    }
  }

  /** Completes the oldest operation of the disk. @returns what it was */
  complete(): string {
    const operation = this.operations.shift()
    if (operation === undefined) throw new Error('no operation of the disk is under way')
    operation.run()
    this.endTurn()
    return operation.what
  }

  completeAll(): readonly string[] {
    const done: string[] = []
    while (this.operations.length > 0) done.push(this.complete())
    return done
  }

  advance(ms: number): void {
    const endMs = this.nowMs + ms
    for (;;) {
      const due = [...this.#timers].filter(({ dueMs }) => dueMs <= endMs)
      const next = due.toSorted((a, b) => a.dueMs - b.dueMs)[0]
      if (next === undefined) break
      this.#timers.delete(next)
      this.nowMs = Math.max(this.nowMs, next.dueMs)
      next.run()
      this.endTurn()
    }
    this.nowMs = endMs
  }

  #ports(membership: Membership, deliver: (proposal: Proposal) => void): RoleParts['ports'] {
    const fixtureOf = (): RoleFixture => this
    return {
      clock: {
        get nowMs() {
          return fixtureOf().nowMs
        },
        after: (delayMs, run) => {
          const timer = { dueMs: this.nowMs + delayMs, run }
          this.#timers.add(timer)
          return { cancel: () => this.#timers.delete(timer) }
        },
      },
      history: this.history,
      memberships: {
        committed: membership,
        lastSeen: membership,
        setCommitted: (it) => {
          membership = it
        },
        setLastSeen: (it) => {
          membership = it
        },
      },
      election: {
        hasDelivered: true,
        send: () => {},
        connectAll: () => {},
        restart: () => {},
      },
      host: {
        leadingStarted: (term) => {
          this.isServing = true
          this.term = term
          return {
            deliver,
            requestForwarded: () => {},
            syncAsked: () => {},
            revalidationAsked: () => {},
            sessionTouched: () => {},
            learnerLeft: () => {},
          }
        },
        learningStarted: (term) => {
          this.isServing = true
          this.learnerTerm = term
          return {
            deliver,
            syncAnswered: () => {},
            revalidated: () => {},
            takeTouches: () => {},
          }
        },
        termEnded: () => {},
        membershipChanged: () => {},
        requestTurnEnd: () => {
          this.#isTurnEndDue = true
        },
      },
      dial: (serverId, listener) => this.#dial(`leader ${serverId}`, listener),
      dialMaster: (serverId, listener) => this.#dial(`master ${serverId}`, listener),
      report: ({ code }) => this.reports.push(code),
    }
  }
}

/** As a leader that has the learner's FOLLOWERINFO: its epoch is accepted, and what follows is the synchronisation. */
/** @param capabilities what the leader is able to beyond Apache's; left out: an Apache server */
export function acceptEpoch(
  fixture: RoleFixture,
  leader: PeerByHand,
  epochZxid: Zxid,
  capabilities?: number,
): void {
  const info = encodeLeaderInfo({ protocolVersion: 0x1_00_00, capabilities })
  leader.send(PacketType.leaderInfo, epochZxid, info)
  fixture.endTurn()
  fixture.completeAll()
}

/** The leader has what the learner has, in the epoch that was just accepted: it is served from here on. */
export function serveLearner(
  fixture: RoleFixture,
  leader: PeerByHand,
  { lastZxid, epochZxid }: { readonly lastZxid: Zxid; readonly epochZxid: Zxid },
): void {
  leader.send(PacketType.diff, lastZxid)
  leader.send(PacketType.newLeader, epochZxid)
  fixture.endTurn()
  fixture.completeAll()
  leader.send(PacketType.upToDate, -1)
  fixture.endTurn()
}

export interface LearnerByHand {
  readonly id: number
  readonly lastZxid: Zxid
  readonly epoch: number
  /** Of a server of ours. */
  readonly capabilities?: number
}

/** As a follower: FOLLOWERINFO. */
export function introduce(fixture: RoleFixture, peer: PeerByHand, learner: LearnerByHand): void {
  const info = encodeLearnerInfo({
    serverId: learner.id,
    protocolVersion: 0x1_0000,
    configVersion: 0,
    capabilities: learner.capabilities,
  })
  peer.send(PacketType.followerInfo, learner.epoch * 2 ** 32, info)
  fixture.endTurn()
}

/** As a follower: FOLLOWERINFO, and ACKEPOCH once the leader has its epoch. */
export function follow(fixture: RoleFixture, leader: Leader, learner: LearnerByHand): PeerByHand {
  const peer = fixture.connect(leader)
  introduce(fixture, peer, learner)
  fixture.completeAll()
  peer.send(PacketType.ackEpoch, learner.lastZxid, encodeAckEpoch(learner.epoch))
  fixture.endTurn()
  fixture.completeAll()
  return peer
}
