/**
 * The connections of the election port: at most one between any two servers.
 *
 * 1. Of two connections between the same servers the one survives that the larger id has dialled. Who dials a larger id tells its own
 *    and closes; the other one calls back, at the addresses it was told (ZOOKEEPER-2164).
 * 2. One notification waits for each peer, the newest. A new connection begins with it, or else with the last one that was sent: an
 *    earlier connection may have taken that along (ZOOKEEPER-481).
 * 3. Nothing is dialled without a notification to send or being asked to, and one attempt per peer is under way at a time. No peer
 *    waits for another one (ZOOKEEPER-3756).
 * 4. A connection may look well from here and be lost: its peer has been rebooted, or something between forgot it. So what a peer dials
 *    anew replaces it, and who is told again and again and says nothing is dialled anew.
 * 5. Servers that are in no membership are heard, as they may be about to join, but only so many of them.
 */
import {
  type ElectionHello,
  type ElectionRefusal,
  type Notification,
  type Platform,
  purePlatform,
} from '@quorate/protocol'
import type {
  Appointment,
  Clock,
  DialListener,
  Dialling,
  PeerLink,
  PeerLinkListener,
} from '../peer-link.ts'
import type { HostPort } from '../quorum/membership.ts'
import type { ElectionTransport, MembershipStore, ZabReport } from '../zab/zab-ports.ts'
import { ElectionLink, type ElectionLinkOwner } from './election-link.ts'

/** Connections whose initial message is awaited; the oldest is closed when there are more. */
const introductionsMax = 64
/** Peers of no membership; more are turned away. */
const strangersMax = 64
/** An attempt to reach a peer that calls itself is given up for another one after so long: it was not there when this one began. */
const staleAttemptMs = 500
/** So many notifications without a word in return, over {@link ElectionConnectionsParameters.handshakeTimeoutMs}: is it lost? */
const unansweredMax = 3

export interface ElectionConnectionsParameters {
  readonly serverId: number
  /** Where the others reach this server, as of now; at least one. */
  readonly electionAddresses: () => readonly HostPort[]
  /**
   * Whether it says all of them, or just the first: servers before 3.6 do not understand who says several (ZOOKEEPER-3720), so
   * all have to be newer before any does (`multiAddress.enabled`).
   */
  readonly saysAllAddresses: boolean
  /**
   * Connects to a server's election port.
   * @param addresses where it says that it listens; empty: where the membership says so
   */
  readonly dial: (
    serverId: number,
    listener: DialListener,
    addresses: readonly HostPort[],
  ) => Dialling
  readonly memberships: MembershipStore
  readonly clock: Clock
  /** How long an initial message may take, and a peer that is told again and again be silent. */
  readonly handshakeTimeoutMs: number
  /** Not called from within a call of this object's own methods other than a link's `received`. */
  readonly received: (from: number, notification: Notification) => void
  /** An attempt to connect with a server has failed. May be called from within {@link ElectionConnections.send}. */
  readonly unreachable: (serverId: number) => void
  /** A connection with a server has ended, not by this object's doing. */
  readonly lost: (serverId: number) => void
  readonly report: (report: ZabReport) => void
  readonly platform?: Platform
}

interface Peer {
  readonly id: number
  waiting: Notification | undefined
  /** The last one sent, ever. */
  last: Notification | undefined
  link: ElectionLink | undefined
  attempt: Attempt | undefined
  /** Notifications that were to be sent since it was last heard, or connected, and when the first of them was. */
  unansweredCount: number
  unansweredSinceMs: number
}

interface Attempt {
  readonly beganMs: number
  dialling: Dialling | undefined
}

export class ElectionConnections implements ElectionTransport {
  readonly #parameters: ElectionConnectionsParameters
  readonly #serverId: number
  readonly #platform: Platform
  readonly #peerById = new Map<number, Peer>()
  readonly #introductions = new Map<ElectionLink, Appointment>()
  readonly #owner: ElectionLinkOwner
  /** The id of the next observer that has none of its own. */
  #observerId = -1

  constructor(parameters: ElectionConnectionsParameters) {
    this.#parameters = parameters
    this.#serverId = parameters.serverId
    this.#platform = parameters.platform ?? purePlatform
    this.#owner = {
      introduced: (link, hello) => this.#introduced(link, hello),
      notified: ({ peerId }, notification) => this.#notified(peerId!, notification),
      refused: (link, refusal) => this.#refused(link, refusal),
      drained: ({ peerId }) => this.#drained(peerId),
      lost: (link, reason) => this.#lost(link, reason),
    }
  }

  get hasDelivered(): boolean {
    for (const { waiting } of this.#peerById.values()) if (waiting === undefined) return true
    return false
  }

  send(to: number, notification: Notification): void {
    const peer = this.#peer(to)
    if (peer === undefined) return
    peer.waiting = notification
    if (this.#isSilent(peer)) this.#drop(peer)
    if (peer.link === undefined) this.#connect(peer, [])
    else this.#flush(peer)
  }

  connectAll(): void {
    const { committed, lastSeen } = this.#parameters.memberships
    for (const id of [...committed.quorums.voterIds, ...lastSeen.quorums.voterIds]) {
      if (id !== this.#serverId) this.#peer(id)
    }
    for (const peer of this.#peerById.values()) this.#connect(peer, [])
  }

  restart(): void {
    const peers = [...this.#peerById.values()]
    this.#peerById.clear()
    for (const { link, attempt } of peers) {
      link?.close()
      attempt?.dialling?.cancel()
    }
    for (const [link, timeout] of this.#introductions) {
      timeout.cancel()
      link.close()
    }
    this.#introductions.clear()
  }

  /** Somebody has connected to the election port. */
  accept(link: PeerLink): PeerLinkListener {
    const accepted = this.#linkOf(link, undefined)
    for (const oldest of this.#introductions.keys()) {
      if (this.#introductions.size < introductionsMax) break
      this.#endIntroduction(oldest)
      oldest.close()
    }
    const { clock, handshakeTimeoutMs } = this.#parameters
    const timeout = clock.after(handshakeTimeoutMs, () => {
      this.#introductions.delete(accepted)
      this.#report('warn', 'ELECTION_HELLO_TIMEOUT', 'A peer has not said in time who it is.')
      accepted.close()
    })
    this.#introductions.set(accepted, timeout)
    return accepted
  }

  #linkOf(link: PeerLink, peerId: number | undefined): ElectionLink {
    return new ElectionLink({ link, owner: this.#owner, peerId, platform: this.#platform })
  }

  #endIntroduction(link: ElectionLink): void {
    this.#introductions.get(link)?.cancel()
    this.#introductions.delete(link)
  }

  #introduced(link: ElectionLink, hello: ElectionHello): void {
    this.#endIntroduction(link)
    const { serverId } = hello
    if (serverId === this.#serverId || (serverId !== undefined && serverId < 0)) {
      this.#report(
        'warn',
        'ELECTION_ID_REFUSED',
        `A peer says that it is server ${serverId}, which is this server's id or no server's: check its myid.`,
      )
      link.close()
      return
    }
    const peer = this.#peer(serverId ?? this.#observerId, true)
    if (peer === undefined) {
      link.close()
    } else if (serverId !== undefined && serverId < this.#serverId) {
      // It may have lost a connection that still looks well from here.
      this.#drop(peer)
      link.close()
      if (peer.attempt !== undefined && this.#nowMs - peer.attempt.beganMs >= staleAttemptMs)
        this.#giveUp(peer)
      this.#connect(peer, hello.addresses)
    } else {
      if (serverId === undefined) this.#observerId--
      link.peerId = peer.id
      this.#establish(peer, link)
    }
  }

  #connect(peer: Peer, addresses: readonly HostPort[]): void {
    if (peer.link !== undefined || peer.attempt !== undefined || peer.id < 0) return
    const attempt: Attempt = { beganMs: this.#nowMs, dialling: undefined }
    peer.attempt = attempt
    const listener: DialListener = {
      opened: (link) => this.#opened(peer, attempt, link),
      failed: (reason) => this.#failed(peer, attempt, reason),
    }
    attempt.dialling = this.#parameters.dial(peer.id, listener, addresses)
  }

  #opened(peer: Peer, attempt: Attempt, link: PeerLink): PeerLinkListener {
    const dialled = this.#linkOf(link, peer.id)
    if (peer.attempt !== attempt) {
      dialled.close()
      return dialled
    }
    peer.attempt = undefined
    dialled.introduce(this.#hello())
    if (peer.id > this.#serverId) {
      dialled.close()
      this.#forgetIfStrange(peer)
    } else {
      this.#establish(peer, dialled)
    }
    return dialled
  }

  #hello(): ElectionHello {
    const { electionAddresses, saysAllAddresses } = this.#parameters
    const addresses = electionAddresses()
    return saysAllAddresses
      ? { version: 'addresses', serverId: this.#serverId, addresses }
      : { version: 'oneAddress', serverId: this.#serverId, addresses: addresses.slice(0, 1) }
  }

  #failed(peer: Peer, attempt: Attempt, reason: string): void {
    if (peer.attempt !== attempt) return
    peer.attempt = undefined
    this.#report(
      'info',
      'ELECTION_CONNECT_FAILED',
      `Server ${peer.id} can't be reached: ${reason}.`,
    )
    this.#forgetIfStrange(peer)
    this.#parameters.unreachable(peer.id)
  }

  #establish(peer: Peer, link: ElectionLink): void {
    this.#drop(peer)
    this.#giveUp(peer)
    peer.link = link
    peer.unansweredCount = 0
    peer.waiting ??= peer.last
    this.#flush(peer)
  }

  get #nowMs(): number {
    return this.#parameters.clock.nowMs
  }

  #notified(peerId: number, notification: Notification): void {
    const peer = this.#peerById.get(peerId)
    if (peer !== undefined) peer.unansweredCount = 0
    this.#parameters.received(peerId, notification)
  }

  /** Counts what the peer is told. @returns whether it has said nothing for so long that its connection may be lost */
  #isSilent(peer: Peer): boolean {
    if (peer.link === undefined || peer.id < 0) return false
    if (peer.unansweredCount++ === 0) peer.unansweredSinceMs = this.#nowMs
    return (
      peer.unansweredCount > unansweredMax &&
      this.#nowMs - peer.unansweredSinceMs >= this.#parameters.handshakeTimeoutMs
    )
  }

  #giveUp(peer: Peer): void {
    peer.attempt?.dialling?.cancel()
    peer.attempt = undefined
  }

  #drop(peer: Peer): void {
    const { link } = peer
    peer.link = undefined
    link?.close()
  }

  #flush(peer: Peer): void {
    const { waiting, link } = peer
    if (waiting === undefined || link === undefined || !link.isDrained) return
    peer.last = waiting
    peer.waiting = undefined
    link.send(waiting)
  }

  #drained(peerId: number | undefined): void {
    const peer = peerId === undefined ? undefined : this.#peerById.get(peerId)
    if (peer !== undefined) this.#flush(peer)
  }

  #lost(link: ElectionLink, reason: string): void {
    this.#endIntroduction(link)
    const peer = link.peerId === undefined ? undefined : this.#peerById.get(link.peerId)
    if (peer?.link !== link) return
    peer.link = undefined
    this.#report(
      'info',
      'ELECTION_CONNECTION_LOST',
      `The election's connection with server ${peer.id} has ended: ${reason}.`,
    )
    this.#forgetIfStrange(peer)
    this.#parameters.lost(peer.id)
  }

  #refused({ peerId }: ElectionLink, { code, message }: ElectionRefusal): void {
    const who = peerId === undefined ? 'a peer' : `server ${peerId}`
    this.#report('warn', code, `From ${who}: ${message}.`)
  }

  /** @returns undefined when nothing is to be had to do with it */
  #peer(id: number, isHere = false): Peer | undefined {
    const known = this.#peerById.get(id)
    if (known !== undefined) return known
    if (!this.#isMember(id) && (!isHere || this.#strangerCount >= strangersMax)) {
      this.#report('warn', 'ELECTION_STRANGER', `Server ${id} is in no membership.`)
      return undefined
    }
    const peer: Peer = {
      id,
      waiting: undefined,
      last: undefined,
      link: undefined,
      attempt: undefined,
      unansweredCount: 0,
      unansweredSinceMs: 0,
    }
    this.#peerById.set(id, peer)
    return peer
  }

  get #strangerCount(): number {
    let count = 0
    for (const id of this.#peerById.keys()) if (!this.#isMember(id)) count++
    return count
  }

  #isMember(id: number): boolean {
    const { committed, lastSeen } = this.#parameters.memberships
    return committed.memberById.has(id) || lastSeen.memberById.has(id)
  }

  #forgetIfStrange(peer: Peer): void {
    if (!this.#isMember(peer.id)) this.#peerById.delete(peer.id)
  }

  #report(level: ZabReport['level'], code: string, message: string): void {
    this.#parameters.report({ level, code, message })
  }
}
