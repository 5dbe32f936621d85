/**
 * How a tree leaves for a snapshot and comes back from one. The log room owns the file (header, seals, compression); the
 * tree owns what stands between.
 */
import type { Acl, JuteWriter, SessionId, Zxid } from '@quorate/protocol'
import type { KeptOutcome, OutcomeBounds, OutcomeImage } from './outcome-table.ts'

/** A tree's digest: 64 bits in two halves, each a signed 32-bit number. */
export interface DigestHalves {
  readonly high: number
  readonly low: number
}

/**
 * The tree exactly as it was at {@link zxid}, written out in slices while the tree goes on changing. One image of a tree may
 * be open at a time.
 *
 * The bytes are the sessions, the ACL table, the nodes (every parent before its children, the root first with the path "")
 * and the closing "/": the stream of a SNAP, and the middle of a snapshot file.
 */
export interface SnapshotImage {
  readonly zxid: Zxid
  readonly digest: DigestHalves
  /** What no stream of Apache's has room for, readable until {@link close}; undefined when nothing is known. */
  readonly outcomes: OutcomeImage | undefined
  /**
   * Appends the next part, of roughly `lengthTarget` bytes (one node may exceed it), to `writer`. Returns whether there
   * is more. What changes between two calls is written ahead by the tree into the image's own buffer.
   */
  writeNext(writer: JuteWriter, lengthTarget: number): boolean
  /** Ends the image; the tree stops writing ahead. */
  close(): void
}

/** Takes what a snapshot holds, in its order. Made by `Tree.loader()`, used once on an empty tree. */
export interface TreeLoader {
  addSession(id: SessionId, timeoutMs: number): void
  addAcl(aclId: number, acl: readonly Acl[]): void
  /**
   * @param bytes holds path, data and stat; they are copied
   * @param dataStart −1 for null data
   * @param aclId the ACL's id; −1 is the open ACL, and a node whose id was not added is open to nobody
   * @param statAt where the 60 bytes of the StatPersisted start
   */
  addNode(
    bytes: Uint8Array,
    pathStart: number,
    pathEnd: number,
    dataStart: number,
    dataEnd: number,
    aclId: number,
    statAt: number,
  ): void
  /**
   * Behind the nodes. Not called for a state that came without outcomes.
   * @param entries in the order of the zxids; to be read once, now
   */
  loadOutcomes?(bounds: OutcomeBounds, entries: Iterable<KeptOutcome>): void
  /**
   * All was added: the tree is at `zxid`.
   * @throws TreeError TREE_CORRUPT when there is no node
   */
  finish(zxid: Zxid): void
}
