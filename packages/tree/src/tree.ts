/**
 * The replicated tree of znodes, its sessions and watches: the state machine that every server runs.
 *
 * 1. It changes in {@link Tree.apply} only, by transactions in zxid order: on the leader, on followers and on replay.
 * 2. Applying a transaction twice, or over a snapshot that already holds some of its effect, ends in the same tree: parents'
 *    counters only grow, what is there is not created again (ZOOKEEPER-3125, 3249).
 * 3. The digest is always that of the nodes that are there.
 * 4. A watch is told when the change is visible to reads, and before the change's own reply is made.
 * 5. What a transaction's result was is known behind it, and for a while after: {@link OutcomeTable}.
 */
import {
  type Acl,
  JuteReader,
  type JuteWriter,
  openAcl,
  OpCode,
  type Platform,
  readAcl,
  readInt32,
  type SessionId,
  spanEquals,
  txnDigestLength,
  type Zxid,
} from '@quorate/protocol'
import { openAclId } from './acl-table.ts'
import type { OwnerKind } from './node-owner.ts'
import { formatDigest } from './node-digest.ts'
import { absent, IntField, LongField, type NodeStore } from './node-store.ts'
import { configPath } from './op-preparer.ts'
import { Preparer } from './preparer.ts'
import { QuotaKeeper } from './quota-keeper.ts'
import type { PreparerOptions } from './request-context.ts'
import type { DigestHalves, SnapshotImage, TreeLoader } from './snapshot-image.ts'
import { SnapshotWalk } from './snapshot-walk.ts'
import { StoreLoader } from './store-loader.ts'
import { TreeError } from './tree-error.ts'
import { TreeState } from './tree-state.ts'
import { OutcomeTable } from './outcome-table.ts'
import { TxnApplier } from './txn-applier.ts'
import { TxnResult } from './txn-result.ts'
import { WatchTable } from './watch-table.ts'

export interface TreeOptions {
  readonly platform: Platform
  /** Whether 0xff… owners are TTL nodes; without it they are sessions, as Apache takes them. */
  readonly extendedTypesEnabled: boolean
  /** Is told when a transaction's digest is not that of the tree after it: this server or the one that wrote it has gone wrong. */
  readonly digestMismatched?: (mismatch: {
    readonly zxid: Zxid
    readonly expected: string
    readonly found: string
  }) => void
  /** Is told when a change brings a subtree above the soft limits of its quota. */
  readonly softQuotaExceeded?: (notice: {
    readonly path: string
    readonly limits: string
    readonly use: string
  }) => void
}

export class Tree {
  readonly watches: WatchTable = new WatchTable()
  /** What became of the latest writes of each session. */
  readonly outcomes: OutcomeTable = new OutcomeTable()
  /** Of the transaction that was applied last. */
  readonly result: TxnResult
  readonly #state: TreeState
  readonly #quotas: QuotaKeeper
  readonly #applier: TxnApplier
  readonly #options: TreeOptions
  readonly #reader: JuteReader

  constructor(options: TreeOptions) {
    const { platform } = options
    this.#options = options
    this.#state = new TreeState(platform, options.extendedTypesEnabled)
    this.#quotas = new QuotaKeeper(this.#state, platform, ({ path, limits, use }) =>
      options.softQuotaExceeded?.({
        path: platform.utf8Decode(path, 0, path.length),
        limits: `count=${limits.count},bytes=${limits.bytes}`,
        use: `count=${use?.count},bytes=${use?.bytes}`,
      }),
    )
    this.result = new TxnResult(this.#state, platform)
    this.#applier = new TxnApplier({
      state: this.#state,
      watches: this.watches,
      quotas: this.#quotas,
      platform,
      observer: this.result,
    })
    this.#reader = new JuteReader(new Uint8Array(0), 0, 0, { platform, lengthMax: 0x7fff_ffff })
  }

  get lastZxid(): Zxid {
    return this.#state.lastZxid
  }

  get digest(): DigestHalves {
    return this.#state.digest
  }

  /** The znodes, for reads. */
  get nodes(): NodeStore {
    return this.#state.nodes
  }

  /** Timeouts in ms of the global sessions. */
  get timeoutMsBySession(): ReadonlyMap<SessionId, number> {
    return this.#state.timeoutMsBySession
  }

  get ephemeralCount(): number {
    return this.#state.ephemeralCount
  }

  get ephemeralsBySession(): ReadonlyMap<SessionId, ReadonlySet<number>> {
    return this.#state.ephemeralsBySession
  }

  /** Containers and TTL nodes, for the cleaner. */
  get containers(): ReadonlySet<number> {
    return this.#state.containers
  }

  get ttlNodes(): ReadonlySet<number> {
    return this.#state.ttlNodes
  }

  /** Makes the nodes that every tree starts with. Only on an empty tree that no snapshot is loaded into. */
  createSystemNodes(): void {
    this.#createSystemNode(absent, '/', openAcl)
    const system = this.#createSystemNode(0, '/zookeeper', openAcl)
    this.#createSystemNode(system, '/zookeeper/quota', openAcl)
    const config = this.#createSystemNode(system, '/zookeeper/config', readAcl)
    this.#state.nodes.setInt(config, IntField.aversion, -1)
  }

  /**
   * Shows the membership in force in its node. Every server does so for itself when it begins to serve: only a reconfiguration has
   * a transaction. The digest does not cover the node.
   *
   * Compatibility: Apache stamps the node with the time of each server's own start; here it keeps its time, so that it is
   * the same everywhere.
   */
  showMembership(text: Uint8Array, version: Zxid): void {
    const { nodes } = this.#state
    const node = nodes.find(configPath, 0, configPath.length)
    if (node === absent) return
    const at = nodes.dataOffset(node)
    const length = nodes.int(node, IntField.dataLength)
    if (spanEquals(text, nodes.dataChunk(node), at, at + Math.max(0, length))) return
    this.#state.setData(node, text, 0, text.length, -1)
    nodes.setInt(node, IntField.version, -1)
    nodes.setLong(node, LongField.mzxid, version)
  }

  /** What the last reconfiguration in this tree put in place, or {@link showMembership} since; null when nothing did. */
  membership(): Uint8Array | null {
    const { nodes } = this.#state
    const node = nodes.find(configPath, 0, configPath.length)
    return node === absent ? null : nodes.dataCopy(node)
  }

  /** For an empty tree. */
  loader(): TreeLoader {
    return new StoreLoader(this.#state, this.#quotas, this.outcomes)
  }

  /** The leader's way from requests to transactions. Made anew when leading begins. */
  preparer(options: PreparerOptions): Preparer {
    return new Preparer(this.#state, this.#quotas, options)
  }

  /**
   * Applies the transaction `bytes[start, end)`.
   * @param contentCrc what the preparer knew of it ({@link Preparer.contentCrc}), else −1
   * @throws JuteError when the bytes are no transaction; TreeError TREE_ZXID_ORDER when it is not later than the last one
   */
  apply(bytes: Uint8Array, start: number, end: number, contentCrc = -1): void {
    const reader = this.#reader.reset(bytes, start, end)
    const sessionHigh = reader.readInt()
    const sessionLow = reader.readInt()
    const cxid = reader.readInt()
    const zxid = reader.readLong()
    const timeMs = reader.readLong()
    const type = reader.readInt()
    if (zxid <= this.#state.lastZxid) {
      throw new TreeError(
        'TREE_ZXID_ORDER',
        `the transaction ${zxid.toString(16)} follows ${this.#state.lastZxid.toString(16)}; a later one is expected`,
      )
    }
    const moment = { sessionHigh, sessionLow, cxid, zxid, timeMs }
    this.result.begin(type)
    this.#applier.apply(type, reader, moment, contentCrc)
    this.result.end()
    this.outcomes.record(moment, this.result)
    this.#state.lastZxid = zxid
    if (end - reader.position === txnDigestLength && type !== OpCode.error)
      this.#checkDigest(zxid, bytes, end)
  }

  /** Opens the image of the tree as it is now. One at a time. */
  openImage(): SnapshotImage {
    return new SnapshotWalk(this.#state, this.outcomes, this.#options.platform)
  }

  ownerKind(node: number): OwnerKind {
    return this.#state.ownerKind(node)
  }

  acl(node: number): readonly Acl[] {
    return this.#state.acl(node)
  }

  aclById(aclId: number): readonly Acl[] {
    return this.#state.acls.get(aclId)
  }

  /** Ids of ACLs that a snapshot's nodes had and its table lacked: who has one is open to nobody until a transaction sets another. */
  get lostAclIds(): readonly number[] {
    return this.#state.acls.lostIds
  }

  /** What everybody may do with a node: bits of Perms. */
  openPerms(aclId: number): number {
    return this.#state.acls.openPerms(aclId)
  }

  writeStat(node: number, bytes: Uint8Array, at: number): void {
    this.#state.nodes.writeStat(node, bytes, at, this.#state.ownerKind(node) === 'session')
  }

  writeAcl(node: number, writer: JuteWriter): void {
    this.#state.acls.writeVector(writer, this.#state.nodes.int(node, IntField.aclId))
  }

  #createSystemNode(parent: number, path: string, acl: readonly Acl[]): number {
    const state = this.#state
    const bytes = this.#options.platform.utf8Encode(path)
    const aclId = acl === openAcl ? openAclId : state.acls.intern(acl)
    const node = state.createNode(parent, bytes, 0, bytes.length, {
      zxid: 0,
      timeMs: 0,
      ownerHigh: 0,
      ownerLow: 0,
      aclId,
    })
    state.setData(node, bytes, 0, 0, -1)
    state.refreshDigest(node)
    return node
  }

  #checkDigest(zxid: Zxid, bytes: Uint8Array, end: number): void {
    const expected = { high: readInt32(bytes, end - 8), low: readInt32(bytes, end - 4) }
    if (this.#state.digest.equals(expected)) {
      this.outcomes.proveExact()
      return
    }
    this.#options.digestMismatched?.({
      zxid,
      expected: formatDigest(expected),
      found: formatDigest(this.#state.digest),
    })
  }
}
