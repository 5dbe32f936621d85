/**
 * Hands out what a member's log holds after a zxid, for learners that the transactions in memory don't reach back to.
 *
 * 1. What is handed out continues `after` without a hole, record by record (ZOOKEEPER-2846). A place where it doesn't ends it.
 * 2. It ends with what was durable when it was opened; what is being written behind that is never looked at.
 */
import type { ProposalReader } from '@quorate/consensus'
import {
  type Disk,
  fileSize,
  isPlausibleSnapshot,
  isSuccessor,
  listLogs,
  listSnapshots,
  TxnLogReader,
} from '@quorate/log'
import { counterOf, type Platform, type Zxid } from '@quorate/protocol'

export interface HistoryLogOptions {
  readonly disk: Disk
  /** The version-2 folder of dataDir. */
  readonly dataDirectory: string
  /** The version-2 folder of dataLogDir. */
  readonly logDirectory: string
  readonly platform: Platform
}

export interface HistoryRange {
  readonly after: Zxid
  /** The last durable transaction. */
  readonly upTo: Zxid
}

/** Undefined when the log doesn't hold all from `after` on. */
export function openHistoryLog(
  options: HistoryLogOptions,
  range: HistoryRange,
): ProposalReader | undefined {
  if (range.after > range.upTo) return undefined
  const exact = new HistoryLogReader(options, { after: range.after - 1, upTo: range.upTo })
  if (exact.next() && exact.zxid === range.after) return exact
  exact.close()
  const reader = new HistoryLogReader(options, range)
  const isEnd = range.after === range.upTo
  if (isBase(options, range.after) && (isEnd || reader.peek() !== undefined)) return reader
  // The zxid that a leader's epoch begins with is no transaction's. If the first one of that epoch is here, all before it is what
  // that leader began with.
  if (counterOf(range.after) === 0 && !isEnd && reader.peek() === range.after + 1) return reader
  reader.close()
  return undefined
}

/** A snapshot that the log goes on from, though its last transaction isn't in the log: the first one, or one that came from a leader. */
function isBase(options: HistoryLogOptions, zxid: Zxid): boolean {
  const { disk, dataDirectory } = options
  const snapshot = listSnapshots(disk, dataDirectory).find((one) => one.zxid === zxid)
  return snapshot !== undefined && isPlausibleSnapshot(disk, snapshot)
}

/** Size of the newest snapshot, and of the log files behind the one that holds the transaction after `after`. */
export function historySizes(
  options: HistoryLogOptions,
  after: Zxid,
): { readonly snapshotBytes: number; readonly logBytes: number } {
  const { disk, dataDirectory, logDirectory } = options
  const [newest] = listSnapshots(disk, dataDirectory)
  const logs = listLogs(disk, logDirectory)
  const holder = Math.max(
    0,
    logs.findLastIndex((log) => log.zxid <= after + 1),
  )
  const behind = logs.slice(holder + 1)
  return {
    snapshotBytes: newest === undefined ? 0 : fileSize(disk, newest.path),
    logBytes: behind.reduce((sum, log) => sum + fileSize(disk, log.path), 0),
  }
}

class HistoryLogReader implements ProposalReader {
  zxid: Zxid
  #isOver = false
  /** A record was looked at before it was asked for. */
  #isAhead = false
  readonly #upTo: Zxid
  readonly #reader: TxnLogReader

  constructor(options: HistoryLogOptions, range: HistoryRange) {
    this.zxid = range.after
    this.#upTo = range.upTo
    const { disk, logDirectory: directory, platform } = options
    this.#reader = new TxnLogReader({ disk, directory, platform, after: range.after })
  }

  get bytes(): Uint8Array {
    return this.#reader.bytes
  }

  get start(): number {
    return this.#reader.start
  }

  get end(): number {
    return this.#reader.end
  }

  next(): boolean {
    if (this.#isOver) return false
    if (this.zxid >= this.#upTo || (!this.#isAhead && !this.#read())) {
      this.close()
      return false
    }
    this.#isAhead = false
    this.zxid = this.#reader.zxid
    return true
  }

  /** The zxid that {@link next} steps to, undefined when nothing continues the log so far. */
  peek(): Zxid | undefined {
    this.#isAhead ||= this.#read()
    return this.#isAhead ? this.#reader.zxid : undefined
  }

  close(): void {
    this.#isOver = true
    this.#reader.close()
  }

  /** Steps to a record that continues the one before, if there is one. */
  #read(): boolean {
    try {
      return this.#reader.next() && isSuccessor(this.zxid, this.#reader.zxid)
    } catch {
      // A hole or damage, or a file that was purged meanwhile: the learner gets a whole state instead.
      return false
    }
  }
}
