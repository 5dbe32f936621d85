/**
 * How a server finds its state again: the newest snapshot that is whole, then the log after it.
 *
 * 1. What was recovered is durable before `done`: a record that a killed process wrote without a sync may sit in the page cache
 *    only, and may not vanish after others have seen it.
 * 2. Nothing is skipped: a hole, damage, or a missing file refuses the start with the place and what to do.
 * 3. An older snapshot is taken only when the log reaches from it to the zxid of each newer one that failed; what the newer one
 *    held is then all there.
 *
 * Compatibility: Apache falls back to an older snapshot without asking whether the log in between is complete, ends silently
 * at a damaged end marker in the middle of the log, and doesn't sync what it recovers.
 */
import { type Platform, purePlatform, type Zxid } from '@quorate/protocol'
import type { TreeLoader } from '@quorate/tree'
import type { Decompressor } from './compression.ts'
import { listLogs, listSnapshots, type SnapshotFile, versionDirectory } from './data-directories.ts'
import type { Disk } from './disk.ts'
import { asError, LogError } from './log-error.ts'
import { finishReceivedState } from './received-state.ts'
import { isPlausibleSnapshot, readSnapshot, type SnapshotSections } from './snapshot-reader.ts'
import { settleTail } from './torn-tail.ts'
import { TxnLogReader } from './txn-log-reader.ts'

/** Where the recovered state goes. */
export interface RecoveryTarget {
  /** A loader of an empty tree; asked for anew for every snapshot that is tried. What an earlier one loaded is of no use. */
  newLoader(): TreeLoader
  /** A transaction after the snapshot, in zxid order; `bytes[start, end)` is valid during the call. */
  replay(zxid: Zxid, bytes: Uint8Array, start: number, end: number): void
}

export interface RecoveryOptions {
  readonly disk: Disk
  /** dataDir; its snapshots are in its folder version-2. */
  readonly dataDirectory: string
  /** dataLogDir; the same as dataDir when there is none. */
  readonly logDirectory: string
  readonly target: RecoveryTarget
  readonly platform?: Platform
  readonly decompressor?: Decompressor
  /** `snapshot.trust.empty`: replay logs without any snapshot into an empty tree. */
  readonly trustsEmptySnapshot?: boolean
}

/** Something that was not as it should be and could be dealt with. */
export interface RecoveryReport {
  /** `snapshotFailed`: an older one was taken. `tailCut`: the remains of an unacknowledged write were removed. */
  readonly type: 'snapshotFailed' | 'tailCut'
  readonly file: string
  readonly offset: number | undefined
  readonly reason: string
}

export interface Recovery {
  /** undefined: there is none yet (a first start: the caller writes snapshot.0 before anything else). */
  readonly snapshotZxid: Zxid | undefined
  readonly sections: SnapshotSections | undefined
  /** The last transaction that is in the recovered state; 0 when there is none. */
  readonly lastZxid: Zxid
  readonly replayedCount: number
  /** Length of what was replayed, without the framing of the log. */
  readonly replayedBytes: number
  readonly reports: readonly RecoveryReport[]
}

export type RecoveryDone = (error: Error | undefined, recovery?: Recovery) => void

/** More that fail are not a coincidence. */
const snapshotsTriedMax = 100

/** Loads and replays before it returns, then makes durable what it found, and calls `done`, maybe before it returns. */
export function recover(options: RecoveryOptions, done: RecoveryDone): void {
  try {
    new RecoveryRun(options).run(done)
  } catch (error) {
    done(asError(error))
  }
}

class RecoveryRun {
  readonly #options: RecoveryOptions
  readonly #data: string
  readonly #log: string
  readonly #reports: RecoveryReport[] = []
  /** The newest snapshot that failed. */
  #failed: SnapshotFile | undefined
  #replayedCount = 0
  #replayedBytes = 0

  constructor(options: RecoveryOptions) {
    this.#options = options
    this.#data = versionDirectory(options.dataDirectory)
    this.#log = versionDirectory(options.logDirectory)
  }

  run(done: RecoveryDone): void {
    const { disk } = this.#options
    disk.makeDirectory(this.#data)
    disk.makeDirectory(this.#log)
    if (this.#data !== this.#log) this.#refuseMixedDirectories()
    finishReceivedState(disk, { dataDirectory: this.#data, logDirectory: this.#log })
    this.#removeLeftovers()
    const loaded = this.#loadNewest()
    const reader = this.#replay(loaded?.snapshot.zxid ?? 0)
    const recovery: Recovery = {
      snapshotZxid: loaded?.snapshot.zxid,
      sections: loaded?.sections,
      lastZxid: reader.zxid,
      replayedCount: this.#replayedCount,
      replayedBytes: this.#replayedBytes,
      reports: this.#reports,
    }
    const tail = reader.tails.at(-1)
    if (tail === undefined) return done(undefined, recovery)
    if (tail.kind === 'torn') this.#reports.push({ type: 'tailCut', ...tail })
    settleTail(disk, this.#log, tail, (error) =>
      error === undefined ? done(undefined, recovery) : done(error),
    )
  }

  /** ZOOKEEPER-2967: with two directories, files in the wrong one mean that the configuration changed without them. */
  #refuseMixedDirectories(): void {
    const [log] = listLogs(this.#options.disk, this.#data)
    if (log !== undefined) {
      throw new LogError(
        'LOG_IN_SNAPSHOT_DIRECTORY',
        `dataLogDir is ${this.#options.logDirectory}, but this log file is in dataDir; move the log files to ${this.#log}`,
        { file: log.path },
      )
    }
    const [snapshot] = listSnapshots(this.#options.disk, this.#log)
    if (snapshot !== undefined) {
      throw new LogError(
        'SNAPSHOT_IN_LOG_DIRECTORY',
        `dataDir is ${this.#options.dataDirectory}, but this snapshot is in dataLogDir; move the snapshots to ${this.#data}`,
        { file: snapshot.path },
      )
    }
  }

  /** Snapshots that a crash interrupted. */
  #removeLeftovers(): void {
    for (const name of this.#options.disk.list(this.#data)) {
      if (name.startsWith('snapshot.') && name.endsWith('.tmp')) {
        this.#options.disk.remove(`${this.#data}/${name}`)
      }
    }
  }

  #loadNewest():
    | { readonly snapshot: SnapshotFile; readonly sections: SnapshotSections }
    | undefined {
    const snapshots = listSnapshots(this.#options.disk, this.#data)
    for (const snapshot of snapshots.slice(0, snapshotsTriedMax)) {
      const sections = this.#load(snapshot)
      if (sections !== undefined) return { snapshot, sections }
    }
    if (this.#failed !== undefined) {
      throw new LogError(
        'SNAPSHOT_NONE_USABLE',
        `none of ${this.#reports.length} snapshots can be loaded (${this.#reports[0]!.reason}); restore the newest from a backup, or let the server synchronise from the others with empty data folders`,
        { file: this.#failed.path },
      )
    }
    const [log] = listLogs(this.#options.disk, this.#log)
    if (log !== undefined && this.#options.trustsEmptySnapshot !== true) {
      throw new LogError(
        'LOG_WITHOUT_SNAPSHOT',
        `there are log files but no snapshot in ${this.#data}; restore it, or set snapshot.trust.empty=true once if there never was one`,
        { file: log.path },
      )
    }
    return undefined
  }

  #load(snapshot: SnapshotFile): SnapshotSections | undefined {
    const { disk, target, platform, decompressor } = this.#options
    try {
      if (!isPlausibleSnapshot(disk, snapshot)) {
        throw new LogError('SNAPSHOT_DAMAGED', 'its first or last bytes are not a snapshot’s', {
          file: snapshot.path,
        })
      }
      const loader = target.newLoader()
      return readSnapshot({
        disk,
        snapshot,
        loader,
        decompressor,
        platform: platform ?? purePlatform,
      })
    } catch (error) {
      this.#failed ??= snapshot
      const { message } = asError(error)
      const offset = error instanceof LogError ? error.offset : undefined
      this.#reports.push({ type: 'snapshotFailed', file: snapshot.path, offset, reason: message })
      return undefined
    }
  }

  #replay(after: Zxid): TxnLogReader {
    const { disk, target, platform } = this.#options
    const directory = this.#log
    const reader = new TxnLogReader({
      disk,
      directory,
      after,
      platform: platform ?? purePlatform,
    })
    try {
      while (reader.next()) {
        target.replay(reader.zxid, reader.bytes, reader.start, reader.end)
        this.#replayedCount++
        this.#replayedBytes += reader.end - reader.start
      }
    } finally {
      reader.close()
    }
    if (this.#failed !== undefined && reader.zxid < this.#failed.zxid) {
      throw new LogError(
        'SNAPSHOT_NONE_USABLE',
        `this snapshot of zxid 0x${this.#failed.zxid.toString(16)} can't be loaded (${this.#reports[0]!.reason}), and the log after an older one ends at 0x${reader.zxid.toString(16)}; restore the snapshot, or let the server synchronise from the others with empty data folders`,
        { file: this.#failed.path },
      )
    }
    return reader
  }
}
