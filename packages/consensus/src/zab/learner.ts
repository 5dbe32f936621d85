/**
 * A server that follows or observes: it accepts the leader's epoch, takes over its history, and then logs, acknowledges and
 * delivers what the leader sends.
 *
 * 1. The accepted epoch is on disk before ACKEPOCH. At NEWLEADER the whole history received so far is on disk, then
 *    currentEpoch, and then the ACK is sent (ZOOKEEPER-3911, 4643, 4646, 4785); no proposal is acknowledged before that ACK (4685).
 * 2. A history that has to be cut or replaced is so before anything else is taken ({@link LearnedState}).
 */
import {
  decodeDesignatedLeader,
  decodeLeaderInfo,
  designatedLeaderLength,
  encodeAckEpoch,
  epochOf,
  makeZxid,
  PacketType,
  PeerCapability,
  purePlatform,
  type Zxid,
} from '@quorate/protocol'
import type { Proposal } from '../engine.ts'
import type { PeerLink, PeerLinkListener } from '../peer-link.ts'
import { spreadMs } from './fleet-spread.ts'
import { LeaderDialler } from './leader-dialler.ts'
import { LeaderSilence, silenceLimit, type SilentLeader } from './leader-silence.ts'
import { LearnedHistory } from './learned-history.ts'
import { LearnedMembership } from './learned-membership.ts'
import { LearnedState } from './learned-state.ts'
import { introduceLearner } from './learner-introduction.ts'
import { LearningTerm } from './learning-term.ts'
import type { MasterRotation } from './master-rotation.ts'
import { MasterSearch } from './master-search.ts'
import { ObserverMaster } from './observer-master.ts'
import { type ChannelOwner, PacketChannel, type ReceivedPacket } from './packet-channel.ts'
import { RoleLife } from './role-life.ts'
import type { RoleParts } from './role-parts.ts'
import type { LearnerView } from './zab-ports.ts'

type Phase = 'connecting' | 'awaits-epoch' | 'awaits-sync' | 'synchronising' | 'in-step' | 'serving'

export class Learner implements ChannelOwner {
  readonly #parts: RoleParts
  readonly #life: RoleLife
  readonly #leaderId: number
  readonly #isObserver: boolean
  /** Of an observer that may be served by others than its leader. */
  readonly #masters: MasterRotation | undefined
  /** While its leader serves such an observer. */
  #masterSearch: MasterSearch | undefined
  /** Of a follower that may serve observers. */
  readonly #observerMaster: ObserverMaster | undefined
  readonly #history: LearnedHistory
  readonly #state: LearnedState
  readonly #membership: LearnedMembership
  #phase: Phase = 'connecting'
  #channel: PacketChannel | undefined
  #dialler: LeaderDialler | undefined
  readonly #silence: LeaderSilence
  #epoch = 0
  /** Bits of {@link PeerCapability}. */
  #leaderCapabilities = 0
  #term: LearningTerm | undefined
  /** The disk works, and no packet is taken. */
  #isBusy = false
  /** Who leads from here on, while the transaction that says so is delivered. */
  #designated: number | undefined

  /** @param masters of an observer that may be served by others than its leader */
  constructor(
    parts: RoleParts,
    leaderId: number,
    isObserver: boolean,
    masters: MasterRotation | undefined,
  ) {
    this.#parts = parts
    this.#leaderId = leaderId
    this.#isObserver = isObserver
    this.#masters = masters
    const mayServe = parts.options.hasObserverMasters && !isObserver
    this.#observerMaster = mayServe ? new ObserverMaster(parts) : undefined
    this.#life = new RoleLife(parts.ports.clock)
    const life = this.#life
    this.#history = new LearnedHistory(parts, {
      get isOver() {
        return life.isOver
      },
      deliver: (proposal) => this.#deliver(proposal),
      sendAck: (zxid) => {
        if (!isObserver) this.#channel?.send(PacketType.ack, zxid)
      },
      broken: (code, reason) => this.#end(code, reason),
    })
    this.#state = new LearnedState(parts, {
      busy: (operation, then) => this.#busy(operation, then),
      hold: () => this.#channel?.hold(),
      release: () => this.#channel?.release(),
      startAnew: () => this.#reconnect(),
      broken: (code, reason) => this.#end(code, reason),
    })
    this.#membership = new LearnedMembership({
      role: parts,
      leaderId,
      isObserver,
      ended: (designated) =>
        this.#end(
          'MEMBERSHIP_CHANGED',
          'this server has another role or leader in the new membership',
          designated,
        ),
    })
    this.#silence = new LeaderSilence(parts.ports.clock.nowMs)
  }

  start(): void {
    const { logSync, options } = this.#parts
    logSync.onDurable = () => this.#history.acknowledge()
    this.#life.every(Math.floor(options.tickTimeMs / 2), () => this.#ticked())
    this.#dial()
  }

  /** Those that it serves. */
  observers(): Iterable<LearnerView> {
    return this.#observerMaster?.observers() ?? []
  }

  /** An observer has connected. @returns undefined when this server serves none */
  accept(link: PeerLink): PeerLinkListener | undefined {
    return this.#observerMaster?.accept(link)
  }

  /**
   * The leader looks for a leader itself. While it is asked for its epoch it keeps this server waiting, for the case that it is about
   * to lead; but it waits for votes, and may need this one. Later the connection tells.
   */
  leaderLeft(): void {
    if (this.#isAtMaster || (this.#phase !== 'connecting' && this.#phase !== 'awaits-epoch')) return
    this.#end('LEADER_LEFT', `server ${this.#leaderId} looks for a leader again`)
  }

  turnEnded(): void {
    if (this.#life.isOver) return
    this.#parts.logSync.request()
    this.#observerMaster?.turnEnded()
    this.#channel?.flush()
  }

  /** Calls `idle` when nothing of the role is under way any more. */
  end(idle: () => void): void {
    this.#parts.logSync.onDurable = undefined
    this.#term = undefined
    this.#observerMaster?.end()
    this.#masterSearch?.end()
    this.#disconnect()
    this.#life.end(idle)
  }

  // The connection.

  #dial(): void {
    const { ports, options } = this.#parts
    const { serverId, observerReconnectDelayMs, tickTimeMs } = options
    const leaderDelayMs = this.#isObserver ? spreadMs(serverId, observerReconnectDelayMs) : 0
    const [life, leaderId, masters] = [this.#life, this.#leaderId, this.#masters]
    this.#dialler = new LeaderDialler(
      { ports, life, leaderId, masters, leaderDelayMs, tickTimeMs },
      {
        opened: (link) => this.#connected(link),
        failed: (reason) =>
          this.#end('LEADER_UNREACHABLE', `server ${this.peerId} can't be reached: ${reason}`),
      },
    )
    this.#dialler.dial()
  }

  /** The leader, or the master that serves this observer in its place. */
  get peerId(): number {
    return this.#dialler?.peerId ?? this.#leaderId
  }

  get #isAtMaster(): boolean {
    return this.peerId !== this.#leaderId
  }

  #connected(link: PeerLink): PeerLinkListener {
    const channel = new PacketChannel(link, this)
    this.#channel = channel
    this.#phase = 'awaits-epoch'
    this.#heard()
    introduceLearner(channel, this.#parts, this.#isObserver)
    return channel
  }

  /** Begins anew with the same leader. */
  #reconnect(): void {
    this.#disconnect()
    this.#phase = 'connecting'
    this.#dial()
  }

  #disconnect(): void {
    this.#dialler?.cancel()
    this.#channel?.close()
    this.#channel = undefined
    this.#state.abort()
  }

  packetReceived(packet: ReceivedPacket): void {
    if (this.#life.isOver) return
    this.#heard()
    switch (this.#phase) {
      case 'awaits-epoch':
        return this.#takeLeaderInfo(packet)
      case 'awaits-sync':
        return this.#takeSync(packet)
      case 'synchronising':
      case 'in-step':
        return this.#takeWhileSynchronising(packet)
      case 'serving':
        return this.#takeWhileServing(packet)
      default:
        this.#unexpected(packet.type)
    }
  }

  rawReceived(bytes: Uint8Array, start: number, end: number): number {
    this.#heard()
    return this.#state.take(bytes, start, end)
  }

  drained(): void {}

  channelClosed(reason: string): void {
    // Two servers don't decide at the same moment: who comes before the leader knows that it leads comes again.
    if (this.#phase === 'awaits-epoch') return this.#turnedAway(reason)
    this.#end('LEADER_LOST', `the connection with server ${this.peerId} is over: ${reason}`)
  }

  #turnedAway(reason: string): void {
    this.#phase = 'connecting'
    this.#channel = undefined
    this.#dialler!.turnedAway(reason)
  }

  outputAppeared(): void {
    this.#parts.ports.host.requestTurnEnd()
  }

  // Discovery.

  #takeLeaderInfo({ type, zxid, bytes, start, end }: ReceivedPacket): void {
    if (type !== PacketType.leaderInfo) return this.#unexpected(type)
    this.#leaderCapabilities = decodeLeaderInfo(bytes, start, end).capabilities ?? 0
    this.#history.isCumulative = (this.#leaderCapabilities & PeerCapability.cumulative) !== 0
    this.#epoch = epochOf(zxid)
    const { history } = this.#parts.ports
    const accepted = history.acceptedEpoch
    // It may follow a leader that others have left since; the leader itself knows better.
    if (this.#epoch < accepted && this.#isAtMaster) {
      this.#channel?.close()
      return this.#turnedAway(`it follows in the epoch ${this.#epoch}`)
    }
    this.#masters?.kept(this.#isAtMaster)
    // Compatibility: an Apache observer turns away as well, for as long as that leader leads. But an accepted epoch binds
    // votes, and an observer has none; it stops observing before a membership gives it one.
    if (this.#epoch < accepted && !this.#isObserver)
      return this.#end(
        'EPOCH_STALE',
        `server ${this.#leaderId} leads the epoch ${this.#epoch}; this server has accepted ${accepted}`,
      )
    this.#phase = 'awaits-sync'
    // Who has accepted the epoch before may not vote for it again, and without a disk it votes for none.
    if (this.#epoch <= accepted) return this.#acceptEpoch(-1)
    this.#busy(
      (done) => history.writeEpoch('acceptedEpoch', this.#epoch, done),
      () => this.#acceptEpoch(this.#parts.options.isDiskless ? -1 : history.currentEpoch),
    )
  }

  #acceptEpoch(currentEpoch: number): void {
    // A zxid that no history has makes the leader send a snapshot.
    const zxid = this.#state.needsSnapshot ? -1 : this.#parts.ports.history.lastZxid
    this.#channel?.send(PacketType.ackEpoch, zxid, encodeAckEpoch(currentEpoch))
  }

  // Synchronisation.

  #takeSync({ type, zxid }: ReceivedPacket): void {
    // The leader is there; an image of its state is not to be had yet.
    if (type === PacketType.ping) return
    this.#phase = 'synchronising'
    switch (type) {
      case PacketType.diff:
        return this.#report('DIFF', zxid)
      case PacketType.trunc:
        this.#report('TRUNC', zxid)
        return this.#state.cut(zxid)
      case PacketType.snap:
        this.#report('SNAP', zxid)
        this.#state.begin(zxid)
        this.#channel?.beginRaw()
        return
      default:
        return this.#unexpected(type)
    }
  }

  #takeWhileSynchronising(packet: ReceivedPacket): void {
    if (this.#takeHistory(packet)) return
    switch (packet.type) {
      case PacketType.newLeader:
        return this.#takeNewLeader(packet)
      case PacketType.upToDate:
        return this.#serve()
      default:
        // Pings, which Apache's learners leave unanswered until they serve.
        return
    }
  }

  /** What comes before and after the start of the term alike. @returns whether the packet was such a one */
  #takeHistory(packet: ReceivedPacket): boolean {
    const { type, zxid, bytes, start, end } = packet
    switch (type) {
      case PacketType.proposal:
        this.#history.log(zxid, bytes, start, end)
        return true
      case PacketType.commit:
        this.#history.commit(zxid)
        return true
      case PacketType.commitAndActivate:
        this.#commitAndActivate(packet)
        return true
      case PacketType.inform:
        this.#history.inform(zxid, bytes, start, end)
        return true
      case PacketType.informAndActivate:
        this.#informAndActivate(packet)
        return true
      default:
        return false
    }
  }

  #takeNewLeader({ zxid, bytes, start, end }: ReceivedPacket): void {
    if (zxid !== makeZxid(this.#epoch, 0) || this.#phase !== 'synchronising')
      return this.#end(
        'LEADER_BROKEN',
        `NEWLEADER has the zxid 0x${zxid.toString(16)} in the epoch ${this.#epoch}`,
      )
    const { logSync, ports } = this.#parts
    if (start >= 0 && end > start) {
      this.#membership.announced = this.#history.see(purePlatform.utf8Decode(bytes, start, end))
      if (this.#life.isOver) return
    }
    this.#busy(
      (done) => logSync.flush(done),
      () =>
        this.#busy(
          (done) => ports.history.writeEpoch('currentEpoch', this.#epoch, done),
          () => this.#acceptLeader(),
        ),
    )
  }

  #acceptLeader(): void {
    this.#phase = 'in-step'
    this.#channel?.send(PacketType.ack, makeZxid(this.#epoch, 0))
    this.#history.acknowledgeFrom(this.#parts.window.lastDelivered)
  }

  #serve(): void {
    if (this.#phase !== 'in-step') return this.#unexpected(PacketType.upToDate)
    const { ports, established } = this.#parts
    this.#channel?.send(PacketType.ack, makeZxid(this.#epoch, 0))
    if (!this.#membership.upToDate()) return
    this.#phase = 'serving'
    established(this.#epoch)
    const term = new LearningTerm({
      role: this.#isObserver ? 'observing' : 'following',
      epoch: this.#epoch,
      leaderId: this.#leaderId,
      hasConfirmedSync: (this.#leaderCapabilities & PeerCapability.confirmedSync) !== 0,
      fencesMoves:
        !this.#isAtMaster || (this.#leaderCapabilities & PeerCapability.fencesMoves) !== 0,
      servesObservers: this.#observerMaster !== undefined,
      channel: this.#channel!,
      turnEnded: () => this.turnEnded(),
    })
    this.#term = term
    this.#masters?.served(this.#isAtMaster)
    if (this.#isAtMaster) this.#reportMaster()
    else this.#searchMaster()
    term.host = ports.host.learningStarted(term)
    this.#observerMaster?.begin(term)
  }

  #searchMaster(): void {
    const { ports, options } = this.#parts
    if (this.#masters === undefined) return
    this.#masterSearch = new MasterSearch({
      ports,
      life: this.#life,
      masters: this.#masters,
      serverId: options.serverId,
      leaderId: this.#leaderId,
      epoch: this.#epoch,
      answerMs: options.tickTimeMs * options.syncLimit,
      introduce: (channel) => introduceLearner(channel, this.#parts, this.#isObserver),
      found: (masterId) =>
        this.#end('MASTER_FOUND', `server ${masterId} serves observers, and its leader need not`),
    })
  }

  // Broadcast.

  #takeWhileServing(packet: ReceivedPacket): void {
    if (this.#takeHistory(packet)) return
    const { type, zxid, bytes, start, end } = packet
    switch (type) {
      case PacketType.ping:
        return this.#term?.answerPing(zxid)
      case PacketType.revalidate:
        return this.#term?.takeRevalidation(bytes, start, end)
      case PacketType.sync:
        return this.#term?.takeSync()
      case PacketType.upToDate:
        return
      default:
        return this.#unexpected(type)
    }
  }

  /** Before the term starts there is nobody to tell. */
  #deliver(proposal: Proposal): void {
    const host = this.#term?.host
    if (host === undefined) this.#parts.ports.history.apply(proposal)
    else host.deliver(proposal)
    this.#observerMaster?.delivered(proposal, this.#designated)
  }

  #commitAndActivate({ zxid, bytes, start, end }: ReceivedPacket): void {
    const designated = decodeDesignatedLeader(bytes, start, end)
    this.#designated = designated
    this.#history.commitOne(zxid)
    this.#designated = undefined
    if (!this.#life.isOver) this.#membership.reconfigured(designated)
  }

  #informAndActivate({ zxid, bytes, start, end }: ReceivedPacket): void {
    const designated = decodeDesignatedLeader(bytes, start, end)
    this.#history.inform(zxid, bytes, start + designatedLeaderLength, end)
    if (!this.#life.isOver) this.#membership.reconfigured(designated)
  }

  // Time.

  #ticked(): void {
    const { options, ports } = this.#parts
    this.#observerMaster?.ticked()
    const silentMs = this.#silence.ticked(ports.clock.nowMs, this.#channel?.receivedBytes ?? 0)
    const limitMs = options.tickTimeMs * silenceLimit(options, this.#silenceKind)
    if (this.#isBusy || silentMs <= limitMs) return
    this.#end('LEADER_SILENT', `nothing was heard of server ${this.peerId} for ${limitMs} ms`)
  }

  get #silenceKind(): SilentLeader {
    if (this.#phase !== 'serving') return 'beginning'
    const isSteady = (this.#leaderCapabilities & PeerCapability.steadyPings) !== 0
    return isSteady ? 'pinging-steadily' : 'serving'
  }

  #heard(): void {
    this.#silence.heard(this.#parts.ports.clock.nowMs)
  }

  /** Takes no packet until the operation is done. */
  #busy(operation: (done: () => void) => void, then: () => void): void {
    const channel = this.#channel
    this.#isBusy = true
    channel?.hold()
    this.#life.run(operation, () => {
      this.#isBusy = false
      this.#heard()
      then()
      if (!this.#isBusy) channel?.release()
    })
  }

  #report(kind: string, zxid: Zxid): void {
    this.#parts.ports.report({
      level: 'info',
      code: 'SYNCHRONISING',
      message: `the leader synchronises this server by ${kind} to zxid 0x${zxid.toString(16)}`,
      fields: { kind, zxid, leaderId: this.#leaderId },
    })
  }

  #reportMaster(): void {
    const serverId = this.peerId
    this.#parts.ports.report({
      level: 'info',
      code: 'OBSERVER_MASTER',
      message: `server ${serverId} serves this observer in its leader's place`,
      fields: { serverId, leaderId: this.#leaderId },
    })
  }

  #unexpected(type: number): void {
    this.#end(
      'LEADER_BROKEN',
      `server ${this.peerId} sent a packet of type ${type} in the phase ${this.#phase}`,
    )
  }

  #end(code: string, reason: string, designatedLeader?: number): void {
    if (this.#life.isOver) return
    this.#parts.ended({
      code,
      reason,
      ...(designatedLeader === undefined ? {} : { designatedLeader }),
    })
  }
}
