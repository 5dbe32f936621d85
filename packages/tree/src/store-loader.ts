/** Fills an empty tree from a snapshot. */
import {
  type Acl,
  readInt32,
  readLong,
  type SessionId,
  utf8Decode,
  type Zxid,
} from '@quorate/protocol'
import { absent, IntField, LongField } from './node-store.ts'
import type { KeptOutcome, OutcomeBounds, OutcomeTable } from './outcome-table.ts'
import type { QuotaKeeper } from './quota-keeper.ts'
import type { TreeLoader } from './snapshot-image.ts'
import { TreeError } from './tree-error.ts'
import type { TreeState } from './tree-state.ts'

const rootPath = Uint8Array.of(0x2f)

export class StoreLoader implements TreeLoader {
  readonly #state: TreeState
  readonly #quotas: QuotaKeeper
  readonly #outcomes: OutcomeTable
  #outcomeBounds: OutcomeBounds | undefined

  constructor(state: TreeState, quotas: QuotaKeeper, outcomes: OutcomeTable) {
    this.#state = state
    this.#quotas = quotas
    this.#outcomes = outcomes
  }

  addSession(id: SessionId, timeoutMs: number): void {
    this.#state.timeoutMsBySession.set(id, timeoutMs)
  }

  addAcl(aclId: number, acl: readonly Acl[]): void {
    this.#state.acls.load(aclId, acl)
  }

  addNode(
    bytes: Uint8Array,
    pathStart: number,
    pathEnd: number,
    dataStart: number,
    dataEnd: number,
    aclId: number,
    statAt: number,
  ): void {
    const state = this.#state
    const parent = this.#parentFor(bytes, pathStart, pathEnd)
    if (!state.acls.has(aclId) && !state.acls.loadLost(aclId)) {
      throw new TreeError(
        'TREE_CORRUPT',
        `the node ${text(bytes, pathStart, pathEnd)} refers to the ACL ${aclId}, which no snapshot's table can have`,
      )
    }
    const birth = {
      zxid: readLong(bytes, statAt),
      timeMs: readLong(bytes, statAt + 16),
      ownerHigh: readInt32(bytes, statAt + 44),
      ownerLow: readInt32(bytes, statAt + 48),
      aclId,
    }
    const node =
      parent === absent
        ? state.createNode(absent, rootPath, 0, 1, birth)
        : state.createNode(parent, bytes, pathStart, pathEnd, birth)
    const { nodes } = state
    nodes.setLong(node, LongField.mzxid, readLong(bytes, statAt + 8))
    nodes.setLong(node, LongField.mtime, readLong(bytes, statAt + 24))
    nodes.setInt(node, IntField.version, readInt32(bytes, statAt + 32))
    nodes.setInt(node, IntField.cversion, readInt32(bytes, statAt + 36))
    nodes.setInt(node, IntField.aversion, readInt32(bytes, statAt + 40))
    nodes.setLong(node, LongField.pzxid, readLong(bytes, statAt + 52))
    state.setData(node, bytes, dataStart, dataStart < 0 ? -2 : dataEnd, -1)
    state.refreshDigest(node)
  }

  loadOutcomes(bounds: OutcomeBounds, entries: Iterable<KeptOutcome>): void {
    this.#outcomeBounds = bounds
    for (const entry of entries) this.#outcomes.restore(entry)
  }

  finish(zxid: Zxid): void {
    if (this.#state.nodes.count === 0)
      throw new TreeError('TREE_CORRUPT', 'the snapshot holds no node, not even the root')
    this.#state.lastZxid = zxid
    this.#state.acls.purgeUnreferenced()
    this.#quotas.rebuild()
    if (this.#outcomeBounds === undefined) this.#outcomes.beginWithout(zxid)
    else this.#outcomes.beginWith(this.#outcomeBounds, zxid)
  }

  /** The parent of the node to come; absent for the root, which comes first. */
  #parentFor(bytes: Uint8Array, start: number, end: number): number {
    const { nodes } = this.#state
    if (nodes.count === 0) {
      if (start === end) return absent
      throw new TreeError(
        'TREE_CORRUPT',
        `the first node is ${text(bytes, start, end)}; the root, with an empty path, must come first`,
      )
    }
    const parent = nodes.findParent(bytes, start, end)
    if (parent === absent)
      throw new TreeError(
        'TREE_CORRUPT',
        `the node ${text(bytes, start, end)} comes before its parent or lacks one`,
      )
    if (start === end || nodes.find(bytes, start, end) !== absent)
      throw new TreeError('TREE_CORRUPT', `the node ${text(bytes, start, end)} comes twice`)
    return parent
  }
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return `"${utf8Decode(bytes, start, end)}"`
}
