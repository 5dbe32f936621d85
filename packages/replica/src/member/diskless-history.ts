/**
 * The history of a member whose disk takes nothing: what is on that disk, read once, and behind it what the leader sends, in
 * memory only.
 *
 * 1. After the recovery, which may cut the remains of a torn write off the log as any start does, nothing is written. The log, the
 *    snapshots and the epochs on disk are what this server has promised, and stay so.
 * 2. What is here is durable nowhere, so it may be told to nobody as such: its server neither votes nor is counted in a quorum.
 * 3. It can't be cut, since nothing is kept that the tree could be built from again: the leader is asked for a whole state.
 */
import type { Appointment, Proposal, ProposalReader, StateReceiver } from '@quorate/consensus'
import {
  asError,
  readEpoch,
  readSnapshot,
  recover,
  StateSpool,
  versionDirectory,
} from '@quorate/log'
import { epochOf, type Zxid } from '@quorate/protocol'
import { Tree } from '@quorate/tree'
import type { DiskHistoryOptions } from './disk-history.ts'
import { HistoryLoader } from './history-loader.ts'
import { HistoryStateReceiver } from './history-state-receiver.ts'
import type { MemberHistory } from './member-history.ts'
import { SpoolInMemory } from './spool-in-memory.ts'

export class DisklessHistory implements MemberHistory {
  currentEpoch = 0
  acceptedEpoch = 0
  readonly #options: DiskHistoryOptions
  #tree: Tree
  #lastZxid: Zxid = 0
  #recent: readonly Proposal[] = []
  #receivedCount = 0
  #hasFailed = false

  constructor(options: DiskHistoryOptions) {
    this.#options = options
    this.#tree = this.#emptyTree()
  }

  get tree(): Tree {
    return this.#tree
  }

  get lastZxid(): Zxid {
    return this.#lastZxid
  }

  get recent(): readonly Proposal[] {
    return this.#recent
  }

  get membershipText(): string | undefined {
    const text = this.#tree.membership()
    if (text === null || text.length === 0) return undefined
    return this.#options.platform.utf8Decode(text, 0, text.length)
  }

  start(done: () => void): void {
    const { treeOptions, recentCountMax, observer } = this.#options
    const keepsAll = observer !== undefined
    const loader = new HistoryLoader(treeOptions, { recentCountMax, keepsAll })
    recover({ ...this.#options, target: loader }, (error, recovery) => {
      if (recovery === undefined) return this.#fail(error ?? new Error('nothing was recovered'))
      for (const report of recovery.reports) this.#options.reported?.(report)
      for (const { zxid, bytes } of loader.replayed)
        observer?.applied(zxid, bytes, 0, bytes.length, true)
      this.#adopt(loader.tree, recovery.lastZxid, loader.recent)
      if (!this.#attempt(() => this.#readEpochs())) return
      observer?.loaded(this.#tree, 'recovered')
      done()
    })
  }

  append({ zxid }: Proposal): void {
    this.#lastZxid = zxid
  }

  sync(done: () => void): void {
    done()
  }

  apply({ zxid, bytes }: Proposal): void {
    this.#tree.apply(bytes, 0, bytes.length)
    this.#options.observer?.applied(zxid, bytes, 0, bytes.length, false)
  }

  /** For as long as this lasts: an epoch that only an observer accepts binds nobody. */
  writeEpoch(name: 'currentEpoch' | 'acceptedEpoch', epoch: number, done: () => void): void {
    this[name] = epoch
    done()
  }

  truncate(_zxid: Zxid, done: (isDone: boolean) => void): void {
    done(false)
  }

  receiveState(zxid: Zxid): StateReceiver {
    const { platform } = this.#options
    const disk = new SpoolInMemory()
    const spool = new StateSpool({
      disk,
      platform,
      directory: '',
      zxid,
      attempt: ++this.#receivedCount,
      failed: (error) => this.#fail(error),
    })
    return new HistoryStateReceiver(spool, (done) =>
      spool.seal(() => {
        if (this.#attempt(() => this.#install(disk, { path: spool.path, zxid }))) done()
      }),
    )
  }

  /** Nobody asks: images are for learners and snapshots, and this server neither leads nor takes any. */
  openImage(): Appointment {
    return { cancel() {} }
  }

  readAfter(): ProposalReader | undefined {
    return undefined
  }

  sizesAfter(): { readonly snapshotBytes: number; readonly logBytes: number } {
    return { snapshotBytes: 0, logBytes: 0 }
  }

  close(done: () => void): void {
    done()
  }

  #readEpochs(): void {
    const { disk, dataDirectory } = this.#options
    const directory = versionDirectory(dataDirectory)
    const epoch = epochOf(this.#lastZxid)
    this.currentEpoch = readEpoch(disk, directory, 'currentEpoch') ?? epoch
    const accepted = readEpoch(disk, directory, 'acceptedEpoch') ?? this.currentEpoch
    this.acceptedEpoch = Math.max(accepted, epoch)
  }

  #install(disk: SpoolInMemory, state: { readonly path: string; readonly zxid: Zxid }): void {
    const { platform, treeOptions, observer } = this.#options
    const { path, zxid } = state
    this.#options.abortSnapshot()
    // There is room for one whole tree, maybe not for two.
    this.#tree = this.#emptyTree()
    const tree = new Tree(treeOptions)
    const snapshot = { name: path, path, zxid, compression: 'none' } as const
    readSnapshot({ disk, platform, snapshot, loader: tree.loader() })
    this.#adopt(tree, zxid, [])
    observer?.loaded(tree, 'held')
  }

  #adopt(tree: Tree, lastZxid: Zxid, recent: readonly Proposal[]): void {
    this.#tree = tree
    this.#lastZxid = lastZxid
    this.#recent = recent
  }

  #emptyTree(): Tree {
    const tree = new Tree(this.#options.treeOptions)
    tree.createSystemNodes()
    return tree
  }

  /** @returns whether it was done; else the member was told that it can't go on */
  #attempt(run: () => void): boolean {
    try {
      run()
      return true
    } catch (error) {
      this.#fail(asError(error))
      return false
    }
  }

  #fail(error: Error): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#options.failed(error)
  }
}
