/**
 * Every transaction that any server ever logged, as a tree: each names the one before it in the log that it was put into. The
 * path from the root to the last committed one is the history that all servers agree on; other branches are what leaders
 * proposed and nobody committed, and may vanish.
 *
 * 1. There is one entry for a zxid: leaders of one epoch are one leader. Only a server that is alone may, after a crash, give
 *    a zxid out again that was never committed.
 * 2. What is committed stays committed, and is never behind anything that is not.
 */
import { encode, type Txn, txn as txnCodec, type Zxid } from '@quorate/protocol'

export interface HistoryEntry {
  readonly zxid: Zxid
  /** Undefined for the root. */
  readonly txn: Txn | undefined
  /** Undefined until a server applies it. */
  bytes: Uint8Array | undefined
  readonly parent: HistoryEntry | undefined
  /** How many transactions are committed up to and with this one; −1 while it is not committed. */
  position: number
}

export interface CommittedTxn {
  readonly zxid: Zxid
  readonly txn: Txn
  readonly bytes: Uint8Array
}

/** Zxids count from 1 in every epoch. */
const epochFactor = 0x1_0000_0000

export class TxnHistory {
  readonly root: HistoryEntry = {
    zxid: 0,
    txn: undefined,
    bytes: undefined,
    parent: undefined,
    position: 0,
  }
  readonly #entryByZxid = new Map<Zxid, HistoryEntry>([[0, this.root]])
  readonly #committed: CommittedTxn[] = []
  #last: HistoryEntry = this.root

  /** In order; grows at its end only. */
  get committed(): readonly CommittedTxn[] {
    return this.#committed
  }

  get lastCommitted(): HistoryEntry {
    return this.#last
  }

  entryOf(zxid: Zxid): HistoryEntry | undefined {
    return this.#entryByZxid.get(zxid)
  }

  /** Whether `zxid` is a committed transaction, or 0. */
  isCommitted(zxid: Zxid): boolean {
    return (this.entryOf(zxid)?.position ?? -1) >= 0
  }

  /** Puts a transaction behind `parent`, in the place of one of this zxid that was not committed. */
  add(parent: HistoryEntry, txn: Txn, bytes: Uint8Array | undefined): HistoryEntry {
    const { zxid } = txn.header
    const entry: HistoryEntry = { zxid, txn, bytes, parent, position: -1 }
    this.#entryByZxid.set(zxid, entry)
    return entry
  }

  /**
   * Commits the entry and all before it.
   * @returns what is wrong with that, as a sentence
   */
  commit(entry: HistoryEntry): string | undefined {
    const added: HistoryEntry[] = []
    let at = entry
    while (at.position < 0 && at.parent !== undefined) {
      added.push(at)
      at = at.parent
    }
    if (added.length === 0) return undefined
    if (at !== this.#last) {
      const lost = this.#committed[at.position]
      return `${formatZxid(entry.zxid)} stands behind ${formatZxid(at.zxid)}, without the committed ${formatZxid(lost?.zxid ?? 0)}`
    }
    for (const next of added.toReversed()) {
      if (next.txn === undefined) continue
      next.position = this.#committed.length + 1
      this.#committed.push({
        zxid: next.zxid,
        txn: next.txn,
        bytes: next.bytes ?? encode(txnCodec, next.txn),
      })
    }
    this.#last = entry
    return undefined
  }

  /** Whether one is the other, or before it. */
  isPrefix(before: HistoryEntry, of: HistoryEntry): boolean {
    if (before.position >= 0 && of.position >= 0) return before.position <= of.position
    let at: HistoryEntry | undefined = of
    while (at !== undefined && at !== before && at.zxid > before.zxid) at = at.parent
    return at === before
  }

  /** The last transaction that is in both histories. */
  lastCommon(one: HistoryEntry, other: HistoryEntry): HistoryEntry {
    let a: HistoryEntry = one
    let b: HistoryEntry = other
    while (a !== b) {
      if (a.zxid >= b.zxid && a.parent !== undefined) a = a.parent
      else if (b.parent !== undefined) b = b.parent
      else return this.root
    }
    return a
  }
}

/** Hands out each committed transaction once. */
export class CommittedCursor {
  readonly #history: TxnHistory
  #position = 0

  constructor(history: TxnHistory) {
    this.#history = history
  }

  /** The next one, if there is one yet. */
  next(): CommittedTxn | undefined {
    const txn = this.#history.committed[this.#position]
    if (txn !== undefined) this.#position++
    return txn
  }
}

export function lastCommittedIn(entry: HistoryEntry): HistoryEntry {
  let at = entry
  while (at.position < 0 && at.parent !== undefined) at = at.parent
  return at
}

export function epochOf(zxid: Zxid): number {
  return Math.floor(zxid / epochFactor)
}

/** Whether it stands for an epoch in which there is nothing yet. */
export function isEpochStart(zxid: Zxid): boolean {
  return zxid % epochFactor === 0
}

export function isSuccessor(zxid: Zxid, before: Zxid): boolean {
  if (zxid === before + 1) return true
  return epochOf(zxid) > epochOf(before) && zxid % epochFactor === 1
}

/** Epoch and counter, as logs write it: `2:17`; in epoch 0 the counter alone. */
export function formatZxid(zxid: Zxid): string {
  const epoch = epochOf(zxid)
  return epoch === 0 ? String(zxid) : `${epoch}:${zxid % epochFactor}`
}
