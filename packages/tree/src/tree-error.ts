export type TreeErrorCode =
  /** A snapshot lacks a node's parent or ACL, or holds a node twice: it cannot be the image of a tree. Restore another snapshot. */
  | 'TREE_CORRUPT'
  /** A transaction does not follow the last one applied. The server's log and state disagree: restore it from a peer or a backup. */
  | 'TREE_ZXID_ORDER'

/** The tree cannot be what it should. A server that sees one stops: a wrong replica is worse than a missing one. */
export class TreeError extends Error {
  override readonly name = 'TreeError'
  readonly code: TreeErrorCode
  constructor(code: TreeErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
