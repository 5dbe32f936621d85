/**
 * The newest transactions of this server's history, in memory: the committed ones that a learner which was away for a moment
 * may lack (Apache's committedLog), and behind them those that are proposed and not yet delivered.
 *
 * 1. There is no gap: the window holds every transaction after {@link ProposalWindow.floor} up to
 *    {@link ProposalWindow.lastZxid} (ZOOKEEPER-4352, 4925). So a learner at the floor itself needs nothing older.
 * 2. Transactions are delivered in their order, each once.
 */
import type { Zxid } from '@quorate/protocol'
import type { Proposal } from '../engine.ts'

/** Proposals are copied into chunks of this size; larger ones get a buffer of their own. */
const chunkBytes = 262_144
/** The committed part is cut to this many bytes even when it has fewer transactions than it may have. */
const committedBytesMax = 33_554_432

export class ProposalWindow {
  readonly #committedCountMax: number
  #proposals: Proposal[] = []
  /** Index of the first proposal that is kept; what is before it was evicted. */
  #start = 0
  /** Index of the first proposal that was not delivered. */
  #undelivered = 0
  #floor: Zxid = 0
  #lastDelivered: Zxid = 0
  #committedBytes = 0
  #chunk = new Uint8Array(0)
  #chunkUsed = 0

  /** @param committedCountMax delivered transactions that are kept (`commitLogCount`) */
  constructor(committedCountMax: number) {
    this.#committedCountMax = committedCountMax
  }

  /** The window holds everything after this zxid. */
  get floor(): Zxid {
    return this.#floor
  }

  get lastZxid(): Zxid {
    return this.#proposals.at(-1)?.zxid ?? this.#floor
  }

  get lastDelivered(): Zxid {
    return this.#lastDelivered
  }

  /** The oldest transaction that is not delivered yet. */
  get head(): Proposal | undefined {
    return this.#proposals[this.#undelivered]
  }

  get outstandingCount(): number {
    return this.#proposals.length - this.#undelivered
  }

  /** Starts anew with what was recovered: all of it counts as delivered. */
  reset(recent: readonly Proposal[], lastZxid: Zxid): void {
    this.#proposals = []
    this.#start = 0
    this.#undelivered = 0
    this.#committedBytes = 0
    const first = recent[0]
    // The zxid before the first one is not known; one less serves as well, as no transaction lies between.
    this.#floor = first === undefined ? lastZxid : first.zxid - 1
    this.#lastDelivered = this.#floor
    for (const { zxid, bytes } of recent) {
      this.push(zxid, bytes, 0, bytes.length)
      this.deliverNext()
    }
  }

  /** Copies `bytes[start, end)`; the caller has checked that it follows {@link lastZxid}. */
  push(zxid: Zxid, bytes: Uint8Array, start: number, end: number): Proposal {
    const proposal = { zxid, bytes: this.#copy(bytes, start, end) }
    this.#proposals.push(proposal)
    return proposal
  }

  /** The head has been committed. */
  deliverNext(): Proposal {
    const proposal = this.#proposals[this.#undelivered++]!
    this.#lastDelivered = proposal.zxid
    this.#committedBytes += proposal.bytes.length
    this.#evict()
    return proposal
  }

  /** What is delivered and later than `zxid`, oldest first. */
  deliveredAfter(zxid: Zxid): readonly Proposal[] {
    return this.#proposals.slice(this.#indexAfter(zxid), this.#undelivered)
  }

  outstanding(): readonly Proposal[] {
    return this.#proposals.slice(this.#undelivered)
  }

  /** Delivered or not, what is later than `zxid`. */
  after(zxid: Zxid): readonly Proposal[] {
    return this.#proposals.slice(this.#indexAfter(zxid))
  }

  has(zxid: Zxid): boolean {
    const at = this.#indexAfter(zxid) - 1
    return at >= this.#start && this.#proposals[at]!.zxid === zxid
  }

  /** The first delivered transaction later than `zxid`, which is before the last one. */
  firstAfter(zxid: Zxid): Zxid {
    return this.#proposals[this.#indexAfter(zxid)]!.zxid
  }

  /** The last delivered transaction that is not later than `zxid`; undefined when it is before the window. */
  lastNotAfter(zxid: Zxid): Zxid | undefined {
    const at = Math.min(this.#indexAfter(zxid), this.#undelivered) - 1
    return at >= this.#start ? this.#proposals[at]!.zxid : undefined
  }

  #indexAfter(zxid: Zxid): number {
    let low = this.#start
    let high = this.#proposals.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#proposals[middle]!.zxid > zxid) high = middle
      else low = middle + 1
    }
    return low
  }

  #evict(): void {
    while (
      this.#undelivered - this.#start > this.#committedCountMax ||
      (this.#committedBytes > committedBytesMax && this.#undelivered - this.#start > 1)
    ) {
      const evicted = this.#proposals[this.#start++]!
      this.#floor = evicted.zxid
      this.#committedBytes -= evicted.bytes.length
    }
    if (this.#start > 1_024 && this.#start * 2 > this.#proposals.length) {
      this.#proposals = this.#proposals.slice(this.#start)
      this.#undelivered -= this.#start
      this.#start = 0
    }
  }

  #copy(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const length = end - start
    if (length > chunkBytes / 4) return bytes.slice(start, end)
    if (this.#chunkUsed + length > this.#chunk.length) {
      this.#chunk = new Uint8Array(chunkBytes)
      this.#chunkUsed = 0
    }
    const at = this.#chunkUsed
    this.#chunkUsed += length
    const copy = this.#chunk.subarray(at, at + length)
    copy.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end))
    return copy
  }
}
