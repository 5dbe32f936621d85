/**
 * The history of one member of an ensemble: its log, its epochs and the tree that they end in, on a Disk.
 *
 * 1. What was synced is in every state that is loaded later, until a leader has it truncated or replaced.
 * 2. The disk holds one history at any moment: a crash in a truncation leaves a longer part of the old one, a crash in an
 *    installation the old one or the new one, never a mixture and never one with a hole.
 * 3. Truncation, installation and loading happen one at a time, with no sync under way and the log closed; appends after them go to a
 *    new file (ZOOKEEPER-1154, 1489).
 * 4. After a failure of the disk `failed` is told once, and nothing else is called or written any more (ZOOKEEPER-3701).
 */
import type { Appointment, Proposal, ProposalReader, StateReceiver } from '@quorate/consensus'
import {
  adoptReceivedState,
  asError,
  type Decompressor,
  type Disk,
  isSuccessor,
  LogError,
  readSnapshot,
  recover,
  type RecoveryReport,
  SnapshotWriter,
  snapshotWriterDefaults,
  type SnapshotWriterOptions,
  StateSpool,
  truncateLog,
  TxnLog,
  type TxnLogOptions,
  versionDirectory,
  writeSnapshot,
} from '@quorate/log'
import type { Platform, Zxid } from '@quorate/protocol'
import { Tree, type TreeOptions } from '@quorate/tree'
import type { Replayed } from '../snapshot-schedule.ts'
import { HistoryEpochs } from './history-epochs.ts'
import { type GatedImage, HistoryImageGate } from './history-image-gate.ts'
import { HistoryLoader } from './history-loader.ts'
import { type HistoryLogOptions, historySizes, openHistoryLog } from './history-log-reader.ts'
import { HistoryStateReceiver } from './history-state-receiver.ts'
import type { HistoryObserver } from './member-driver.ts'
import type { MemberHistory } from './member-history.ts'

type LoadCause = Parameters<HistoryObserver['loaded']>[1]

export interface DiskHistoryOptions {
  readonly disk: Disk
  /** dataDir and dataLogDir; their files are in the folder version-2. */
  readonly dataDirectory: string
  readonly logDirectory: string
  readonly treeOptions: TreeOptions
  readonly platform: Platform
  /** Transactions kept in {@link DiskHistory.recent} (`commitLogCount`). */
  readonly recentCountMax: number
  readonly logOptions?: Partial<TxnLogOptions>
  /** Of the snapshot that a first start writes. */
  readonly snapshotOptions?: Partial<SnapshotWriterOptions>
  readonly decompressor?: Decompressor
  readonly trustsEmptySnapshot?: boolean
  /** The member can't go on. Told once. */
  failed(error: Error): void
  /**
   * What is on disk is about to be dropped or replaced: a snapshot that is being written may not get its name any more, or it
   * would bring back what was dropped (ZOOKEEPER-1549). Also before a load that changes nothing.
   */
  abortSnapshot(): void
  /** Recovery met something that was not as it should be and could be dealt with. */
  reported?(report: RecoveryReport): void
  /** Told of each step that this history takes: what a term delivers to the tree is not among them. */
  readonly observer?: HistoryObserver | undefined
}

export class DiskHistory implements MemberHistory {
  readonly #options: DiskHistoryOptions
  /** With the version-2 folders. */
  readonly #directories: HistoryLogOptions
  readonly #epochs: HistoryEpochs
  readonly #images = new HistoryImageGate()
  /** In the place of a tree that is about to be loaded: there is room for one whole tree, maybe not for two. */
  readonly #noTree: Tree
  #tree: Tree
  #log: TxnLog
  #lastZxid: Zxid = 0
  #durableZxid: Zxid = 0
  #recent: readonly Proposal[] = []
  #replayed: Replayed = { replayedCount: 0, replayedBytes: 0 }
  #receivedCount = 0
  #isSyncing = false
  /** Told by the next sync. */
  #syncWaiters: (() => void)[] = []
  /** A truncation, an installation or a load is under way. */
  #isBusy = false
  readonly #tasks: (() => void)[] = []
  #hasFailed = false

  constructor(options: DiskHistoryOptions) {
    const { disk, platform, dataDirectory, logDirectory } = options
    this.#options = options
    this.#directories = {
      disk,
      platform,
      dataDirectory: versionDirectory(dataDirectory),
      logDirectory: versionDirectory(logDirectory),
    }
    this.#epochs = new HistoryEpochs(disk, this.#directories.dataDirectory, (error) =>
      this.#fail(error),
    )
    this.#noTree = new Tree(options.treeOptions)
    this.#noTree.createSystemNodes()
    this.#tree = this.#noTree
    this.#log = this.#newLog()
  }

  /** Another one after each load: after `start`, `truncate` and the installation of a state. */
  get tree(): Tree {
    return this.#tree
  }

  get lastZxid(): Zxid {
    return this.#lastZxid
  }

  get currentEpoch(): number {
    return this.#epochs.currentEpoch
  }

  get acceptedEpoch(): number {
    return this.#epochs.acceptedEpoch
  }

  get recent(): readonly Proposal[] {
    return this.#recent
  }

  get membershipText(): string | undefined {
    const text = this.tree.membership()
    if (text === null || text.length === 0) return undefined
    return this.#options.platform.utf8Decode(text, 0, text.length)
  }

  /** What the last load had to replay. */
  get replayed(): Replayed {
    return this.#replayed
  }

  /** The first recovery. A first start leaves an empty snapshot behind, without which logs are worth nothing to the next start. */
  start(done: () => void): void {
    this.#exclusively((release) =>
      this.#load('recovered', () => {
        this.#attempt(() => this.#epochs.read(this.#lastZxid))
        this.#epochs.writeDerived(() => {
          done()
          release()
        })
      }),
    )
  }

  append(proposal: Proposal): void {
    if (this.#hasFailed) return
    const { zxid, bytes } = proposal
    let isAppended = false
    this.#attempt(() => {
      if (zxid > this.#lastZxid && !isSuccessor(this.#lastZxid, zxid)) {
        throw new LogError(
          'LOG_HOLE',
          `zxid 0x${zxid.toString(16)} was to be appended after 0x${this.#lastZxid.toString(16)}; what is between is missing`,
        )
      }
      if (zxid <= this.#lastZxid) {
        throw new LogError('LOG_ORDER', `zxid ${zxid} was appended after ${this.#lastZxid}`)
      }
      this.#log.append(zxid, bytes)
      this.#lastZxid = zxid
      isAppended = true
    })
    // Outside: what it throws is no failure of the disk.
    if (isAppended) this.#options.observer?.appended(zxid, bytes, 0, bytes.length)
  }

  /** A sync that is asked for while one is under way, by a role after the one that began it, follows it. */
  sync(done: () => void): void {
    this.#syncWaiters.push(done)
    this.#proceed()
  }

  apply(proposal: Proposal): void {
    const { zxid, bytes } = proposal
    this.#tree.apply(bytes, 0, bytes.length)
    this.#options.observer?.applied(zxid, bytes, 0, bytes.length, false)
  }

  writeEpoch(name: 'currentEpoch' | 'acceptedEpoch', epoch: number, done: () => void): void {
    this.#epochs.write(name, epoch, done)
  }

  /** What is appended from now on goes to a new file: a snapshot is taken. */
  roll(): void {
    this.#log.roll()
  }

  truncate(zxid: Zxid, done: (isDone: boolean) => void): void {
    this.#exclusively((release) => {
      const finish = (isDone: boolean): void => {
        done(isDone)
        release()
      }
      this.#closeLog(() =>
        truncateLog({ ...this.#directories, zxid }, (error) => {
          if (this.#hasFailed) return
          if (error === undefined) return this.#load('truncated', () => finish(true))
          if (!isImpossible(error)) return this.#fail(error)
          this.#log = this.#newLog()
          finish(false)
        }),
      )
    })
  }

  receiveState(zxid: Zxid): StateReceiver {
    const { disk, platform, snapshotOptions } = this.#options
    const { writesDigest, writesLastZxid } = { ...snapshotWriterDefaults, ...snapshotOptions }
    const spool = new StateSpool({
      disk,
      platform,
      keepsTail: writesDigest && writesLastZxid,
      directory: this.#directories.dataDirectory,
      zxid,
      attempt: ++this.#receivedCount,
      failed: (error) => this.#fail(error),
    })
    return new HistoryStateReceiver(spool, (done) =>
      this.#exclusively((release) =>
        spool.seal(() =>
          this.#install({ temporary: spool.path, zxid }, () => {
            done()
            release()
          }),
        ),
      ),
    )
  }

  openImage(ready: (image: GatedImage) => void): Appointment {
    return this.#images.open(ready)
  }

  /** Up to what is durable now: transactions that were appended since, or whose sync is under way, come from memory. */
  readAfter(after: Zxid): ProposalReader | undefined {
    let reader: ProposalReader | undefined
    this.#attempt(() => {
      reader = openHistoryLog(this.#directories, { after, upTo: this.#durableZxid })
    })
    return reader
  }

  sizesAfter(after: Zxid): { readonly snapshotBytes: number; readonly logBytes: number } {
    let sizes = { snapshotBytes: 0, logBytes: 0 }
    this.#attempt(() => {
      sizes = historySizes(this.#directories, after)
    })
    return sizes
  }

  /** Makes what was appended durable and closes the log. Nothing is to be called afterwards. */
  close(done: () => void): void {
    this.#exclusively(() => this.#closeLog(done))
  }

  #newLog(): TxnLog {
    const { platform, logOptions } = this.#options
    return new TxnLog(this.#options.disk, this.#directories.logDirectory, {
      platform,
      ...logOptions,
    })
  }

  #proceed(): void {
    if (this.#hasFailed || this.#isSyncing || this.#isBusy) return
    if (this.#syncWaiters.length > 0) return this.#startSync()
    const task = this.#tasks.shift()
    if (task === undefined) return
    this.#isBusy = true
    task()
  }

  #startSync(): void {
    const waiters = this.#syncWaiters
    const upTo = this.#lastZxid
    this.#syncWaiters = []
    this.#isSyncing = true
    this.#log.sync((error) => {
      if (this.#hasFailed) return
      if (error !== undefined) return this.#fail(error)
      this.#isSyncing = false
      this.#durableZxid = upTo
      this.#options.observer?.synced(upTo)
      for (const waiter of waiters) waiter()
      this.#proceed()
    })
  }

  /** Runs the task when no sync and no other task is under way; nothing else begins before it calls `release`. */
  #exclusively(task: (release: () => void) => void): void {
    this.#tasks.push(() =>
      task(() => {
        this.#isBusy = false
        this.#proceed()
      }),
    )
    this.#proceed()
  }

  #closeLog(closed: () => void): void {
    this.#attempt(() => this.#options.abortSnapshot())
    this.#log.close((error) => {
      if (this.#hasFailed) return
      if (error === undefined) closed()
      else this.#fail(error)
    })
  }

  /** Loads what is on disk into a new tree and begins a new log behind it. */
  #load(cause: LoadCause, loaded: () => void): void {
    const { treeOptions, recentCountMax, observer } = this.#options
    const keepsAll = observer !== undefined
    const loader = new HistoryLoader(treeOptions, { recentCountMax, keepsAll })
    this.#leaveTree()
    recover({ ...this.#options, target: loader }, (error, recovery) => {
      if (this.#hasFailed) return
      if (recovery === undefined) return this.#fail(error ?? new Error('nothing was recovered'))
      for (const report of recovery.reports) this.#options.reported?.(report)
      for (const { zxid, bytes } of loader.replayed)
        observer?.applied(zxid, bytes, 0, bytes.length, true)
      this.#replayed = recovery
      const adopt = (): void => {
        this.#adopt(loader.tree, recovery.lastZxid, loader.recent)
        observer?.loaded(this.#tree, cause)
        loaded()
      }
      if (recovery.snapshotZxid === undefined) this.#writeFirstSnapshot(loader.tree, adopt)
      else adopt()
    })
  }

  #writeFirstSnapshot(tree: Tree, done: () => void): void {
    const { disk, platform, snapshotOptions } = this.#options
    const directory = this.#directories.dataDirectory
    const options = { platform, ...snapshotOptions }
    writeSnapshot(new SnapshotWriter(disk, directory, tree.openImage(), options), (error) => {
      if (this.#hasFailed) return
      if (error === undefined) done()
      else this.#fail(error)
    })
  }

  #leaveTree(): void {
    this.#tree = this.#noTree
    this.#images.leaveTree()
  }

  #adopt(tree: Tree, lastZxid: Zxid, recent: readonly Proposal[]): void {
    this.#tree = tree
    this.#lastZxid = lastZxid
    this.#durableZxid = lastZxid
    this.#recent = recent
    this.#log = this.#newLog()
    this.#images.enterTree(tree)
  }

  /** @param state in a durable snapshot file */
  #install(
    state: { readonly temporary: string; readonly zxid: Zxid },
    installed: () => void,
  ): void {
    this.#closeLog(() => {
      let tree: Tree | undefined
      this.#attempt(() => {
        // Loaded before anything is removed: a state that can't be loaded may not cost the one that could.
        tree = this.#loadReceived(state.temporary, state.zxid)
        adoptReceivedState(this.#options.disk, this.#directories, state)
      })
      if (this.#hasFailed || tree === undefined) return
      this.#replayed = { replayedCount: 0, replayedBytes: 0 }
      this.#adopt(tree, state.zxid, [])
      this.#options.observer?.loaded(tree, 'replaced')
      installed()
    })
  }

  #loadReceived(path: string, zxid: Zxid): Tree {
    const { disk, platform, treeOptions } = this.#options
    this.#leaveTree()
    const tree = new Tree(treeOptions)
    const snapshot = { name: path, path, zxid, compression: 'none' } as const
    readSnapshot({ disk, platform, snapshot, loader: tree.loader() })
    return tree
  }

  #attempt(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#fail(asError(error))
    }
  }

  #fail(error: Error): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#epochs.stop()
    this.#options.failed(error)
  }
}

function isImpossible(error: Error): boolean {
  return error instanceof LogError && error.code === 'LOG_TRUNCATE_IMPOSSIBLE'
}
