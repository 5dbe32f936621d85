/**
 * What the files of a stopped server say of its history, as its next start would find it. Nothing is changed, so that a disk that is
 * mounted read-only can be looked at.
 */
import {
  isPlausibleSnapshot,
  listLogs,
  listSnapshots,
  pendingReceivedState,
  readEpoch,
  readSnapshot,
  type SnapshotFile,
  TxnLogReader,
  versionDirectory,
} from '@quorate/log'
import { epochOf, formatZxid, readLong, type Zxid } from '@quorate/protocol'
import { nativeDecompressor, nativePlatform } from '@quorate/server'
import { toolDisk } from '../tool-disk.ts'
import { MembershipTrace } from './membership-trace.ts'
import { ZxidRanges } from './zxid-ranges.ts'

export interface HistorySurvey {
  /** As the server would vote with it. */
  readonly currentEpoch: number
  readonly acceptedEpoch: number
  /** The newest one that is whole; undefined: there is none. */
  readonly snapshotZxid: Zxid | undefined
  /** Of the last whole transaction; 0 when there is none. */
  readonly lastZxid: Zxid
  /** When the leader made that transaction, ms since 1970; undefined when it is not in the log. */
  readonly lastTimeMs: number | undefined
  /** Every zxid that is known to be in the history. What a snapshot covers and no log tells counts as held. */
  readonly held: ZxidRanges
  /** What `/zookeeper/config` held when it was written last. */
  readonly membershipText: string | undefined
  /** Things that the next start deals with by itself. */
  readonly notices: readonly string[]
  /** Why a server would not start from these files. */
  readonly problem: string | undefined
}

export interface HistoryPlaces {
  readonly dataDir: string
  readonly dataLogDir: string
}

const timeAt = 20

export function surveyHistory({ dataDir, dataLogDir }: HistoryPlaces): HistorySurvey {
  return new Survey(versionDirectory(dataDir), versionDirectory(dataLogDir)).run()
}

class Survey {
  readonly #data: string
  readonly #log: string
  readonly #trace = new MembershipTrace()
  readonly #notices: string[] = []
  #held = new ZxidRanges()
  #snapshotZxid: Zxid | undefined
  #lastZxid: Zxid = 0
  #lastTimeMs: number | undefined

  constructor(data: string, log: string) {
    this.#data = data
    this.#log = log
  }

  run(): HistorySurvey {
    let problem: string | undefined
    let epochs = { currentEpoch: 0, acceptedEpoch: 0 }
    try {
      this.#readHistory()
      epochs = readEpochs(this.#data, this.#lastZxid)
    } catch (error) {
      problem = (error as Error).message
    }
    return {
      ...epochs,
      snapshotZxid: this.#snapshotZxid,
      lastZxid: this.#lastZxid,
      lastTimeMs: this.#lastTimeMs,
      held: this.#held,
      membershipText: this.#trace.text,
      notices: this.#notices,
      problem,
    }
  }

  #readHistory(): void {
    const received = pendingReceivedState(toolDisk, this.#data)
    if (received !== undefined) return this.#takeReceived({ ...received, compression: 'none' })
    const failed = this.#readSnapshots()
    const base = this.#snapshotZxid
    if (base === undefined && listLogs(toolDisk, this.#log).length > 0)
      throw new Error(`there are log files in ${this.#log}, but no snapshot in ${this.#data}`)
    this.#readOlderLog(base ?? 0)
    this.#readLog(base ?? 0)
    if (failed !== undefined && this.#lastZxid < failed.zxid)
      throw new Error(
        `${failed.path} is damaged, and the log after the snapshot before it ends at 0x${formatZxid(this.#lastZxid)}`,
      )
  }

  /** A state that the leader sent is about to take the place of all else: the next start does so. */
  #takeReceived(file: SnapshotFile): void {
    this.#loadSnapshot(file)
    this.#held.add(file.zxid, 0)
    this.#notices.push(
      `the state that its leader sent last (${file.name}) takes the place of its other files at the next start`,
    )
  }

  /** @returns the newest one that failed */
  #readSnapshots(): SnapshotFile | undefined {
    let failed: SnapshotFile | undefined
    for (const snapshot of listSnapshots(toolDisk, this.#data)) {
      try {
        if (!isPlausibleSnapshot(toolDisk, snapshot)) throw new Error('it is not whole')
        this.#loadSnapshot(snapshot)
        return failed
      } catch (error) {
        failed ??= snapshot
        this.#notices.push(`${snapshot.name} cannot be loaded: ${(error as Error).message}`)
      }
    }
    if (failed !== undefined) throw new Error(`no snapshot in ${this.#data} can be loaded`)
    return undefined
  }

  #loadSnapshot(snapshot: SnapshotFile): void {
    this.#trace.forget()
    readSnapshot({
      disk: toolDisk,
      platform: nativePlatform,
      decompressor: nativeDecompressor,
      snapshot,
      loader: this.#trace,
    })
    this.#snapshotZxid = snapshot.zxid
    this.#lastZxid = snapshot.zxid
  }

  /** What the logs tell of the time before the snapshot. The server would not read them, so damage there does not count. */
  #readOlderLog(base: Zxid): void {
    const oldest = listLogs(toolDisk, this.#log)[0]?.zxid
    const known = new ZxidRanges()
    if (oldest !== undefined && oldest <= base) {
      if (oldest > 1) known.add(oldest - 1, 0)
      const reader = this.#readerAfter(oldest - 1)
      try {
        while (reader.next() && reader.zxid <= base) known.add(reader.zxid)
        known.add(base)
        this.#held = known
        return
      } catch {
        // The snapshot covers it.
      } finally {
        reader.close()
      }
    }
    this.#held.add(base, 0)
  }

  #readLog(base: Zxid): void {
    const reader = this.#readerAfter(base)
    try {
      while (reader.next()) {
        this.#lastZxid = reader.zxid
        this.#lastTimeMs = readLong(reader.bytes, reader.start + timeAt)
        this.#held.add(reader.zxid)
        this.#trace.transaction(reader.bytes.subarray(reader.start, reader.end))
      }
      const tail = reader.tails.at(-1)
      if (tail?.kind === 'torn')
        this.#notices.push(
          `${tail.discardedBytes} bytes at the end of ${tail.file} are of a write that was not finished; the next start cuts them off`,
        )
    } finally {
      reader.close()
    }
  }

  #readerAfter(after: Zxid): TxnLogReader {
    return new TxnLogReader({
      disk: toolDisk,
      directory: this.#log,
      after,
      platform: nativePlatform,
    })
  }
}

/** What a missing file stands for is what a start would write. */
function readEpochs(
  directory: string,
  lastZxid: Zxid,
): { readonly currentEpoch: number; readonly acceptedEpoch: number } {
  const epoch = epochOf(lastZxid)
  const currentEpoch = readEpoch(toolDisk, directory, 'currentEpoch') ?? epoch
  const accepted = readEpoch(toolDisk, directory, 'acceptedEpoch') ?? currentEpoch
  if (accepted < currentEpoch)
    throw new Error(`${directory}: acceptedEpoch is ${accepted}, but currentEpoch ${currentEpoch}`)
  return { currentEpoch, acceptedEpoch: Math.max(accepted, epoch) }
}
