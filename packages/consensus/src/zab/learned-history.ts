/**
 * What a learner makes of the transactions that its leader sends: they go to the log and the window, are acknowledged once they are
 * durable, and delivered when they are committed.
 *
 * 1. A transaction follows the one before it without a gap, or the connection is given up (ZOOKEEPER-4925).
 * 2. What the leader commits is delivered in order, at the head of what is outstanding.
 * 3. A transaction is logged under the zxid that its own header has: under another one a restart would find another history.
 * 4. Between servers of this kind an ACK and a COMMIT stand for the transactions before theirs too (PeerCapability.cumulative).
 * 5. Nothing is acknowledged that is not durable, and nothing before the leader itself was accepted (ZOOKEEPER-4685).
 */
import { counterOf, epochOf, readLong, txnHeaderLength, type Zxid } from '@quorate/protocol'
import type { Proposal } from '../engine.ts'
import type { Membership } from '../quorum/membership.ts'
import { parseMembership } from '../quorum/parse-membership.ts'
import { membershipTextIn } from './reconfig-txn.ts'
import type { RoleParts } from './role-parts.ts'

/** Behind clientId and cxid. */
const headerZxidAt = 12

export interface LearnedHistoryOwner {
  /** Nothing more is delivered. */
  readonly isOver: boolean
  deliver(proposal: Proposal): void
  sendAck(zxid: Zxid): void
  /** What the leader sent can't be followed. */
  broken(code: string, reason: string): void
}

export class LearnedHistory {
  readonly #parts: RoleParts
  readonly #owner: LearnedHistoryOwner
  /** The leader takes such ACKs, and sends such COMMITs. */
  isCumulative = false
  /** Everything up to here has been acknowledged; undefined before the leader is accepted. */
  #ackedZxid: Zxid | undefined

  constructor(parts: RoleParts, owner: LearnedHistoryOwner) {
    this.#parts = parts
    this.#owner = owner
  }

  /** Puts a proposal behind what is there. */
  log(zxid: Zxid, bytes: Uint8Array, start: number, end: number): void {
    const { window, ports } = this.#parts
    const last = ports.history.lastZxid
    // A proposal may come twice around the planning of a synchronisation.
    if (zxid <= last) return
    const isNext = zxid === last + 1 || (epochOf(zxid) > epochOf(last) && counterOf(zxid) === 1)
    if (!isNext || start < 0)
      return this.#owner.broken('PROPOSAL_GAP', `the proposal ${hex(zxid)} follows ${hex(last)}`)
    const own = end - start < txnHeaderLength ? undefined : readLong(bytes, start + headerZxidAt)
    if (own !== zxid)
      return this.#owner.broken(
        'PROPOSAL_MISLABELLED',
        `the proposal ${hex(zxid)} holds ${own === undefined ? 'no transaction' : `the transaction ${hex(own)}`}`,
      )
    const text = membershipTextIn(bytes, start, end)
    if (text !== undefined && !this.#isReadable(text)) return
    ports.history.append(window.push(zxid, bytes, start, end))
    ports.host.requestTurnEnd()
  }

  /** Takes a COMMIT. */
  commit(zxid: Zxid): void {
    const { window } = this.#parts
    for (let head = window.head; this.isCumulative && !this.#owner.isOver; head = window.head) {
      if (head === undefined || head.zxid >= zxid) break
      this.commitOne(head.zxid)
    }
    if (!this.#owner.isOver) this.commitOne(zxid)
  }

  /** Delivers this transaction, which must be the next one. */
  commitOne(zxid: Zxid): void {
    const { window, ports } = this.#parts
    if (zxid <= window.lastDelivered) return
    const head = window.head?.zxid
    if (head !== zxid) {
      const next = head === undefined ? 'nothing is outstanding' : `${hex(head)} is the next one`
      return this.#owner.broken('COMMIT_OUT_OF_ORDER', `${hex(zxid)} is committed, and ${next}`)
    }
    this.#deliver(window.deliverNext())
    ports.host.requestTurnEnd()
  }

  /** A transaction that is committed already, as observers get them. */
  inform(zxid: Zxid, bytes: Uint8Array, start: number, end: number): void {
    this.log(zxid, bytes, start, end)
    if (this.#parts.window.lastZxid >= zxid) this.commitOne(zxid)
  }

  /** The leader is accepted: what it proposed after `zxid` is acknowledged as far as it is durable, now and later. */
  acknowledgeFrom(zxid: Zxid): void {
    this.#ackedZxid = zxid
    this.acknowledge()
  }

  acknowledge(): void {
    if (this.#ackedZxid === undefined) return
    const { window, logSync } = this.#parts
    const before = this.#ackedZxid
    for (const { zxid } of window.after(before)) {
      if (zxid > logSync.durable) break
      if (!this.isCumulative) this.#owner.sendAck(zxid)
      this.#ackedZxid = zxid
    }
    if (this.isCumulative && this.#ackedZxid > before) this.#owner.sendAck(this.#ackedZxid)
  }

  /**
   * The leader has proposed this membership: from here on it counts in elections, and it may be in force soon.
   * @returns undefined when reconfiguration is disabled, or the text can't be read and the owner was told
   */
  see(text: string): Membership | undefined {
    const { ports, options } = this.#parts
    if (!options.reconfigEnabled) return undefined
    try {
      const membership = parseMembership(text)
      ports.memberships.setLastSeen(membership)
      return membership
    } catch (error) {
      const { message } = error as Error
      this.#owner.broken('LEADER_BROKEN', `the leader's membership can't be read: ${message}`)
      return undefined
    }
  }

  /**
   * A transaction that is logged, acknowledged and then can't be applied may not pass for a packet that can't be read: with the next
   * leader this server would go on without it.
   * @throws Error that is no JuteError, which ends the server
   */
  #deliver(proposal: Proposal): void {
    try {
      this.#owner.deliver(proposal)
    } catch (cause) {
      throw new Error(
        `the transaction ${hex(proposal.zxid)}, which is committed, can't be applied`,
        {
          cause,
        },
      )
    }
  }

  #isReadable(text: string): boolean {
    return !this.#parts.options.reconfigEnabled || this.see(text) !== undefined
  }
}

function hex(zxid: Zxid): string {
  return `0x${zxid.toString(16)}`
}
