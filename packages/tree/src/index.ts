/** The public face of the tree room. */
export { isAllowed, maskDigests } from './acl-check.ts'
export { type Identity, ipIdentity, isSuper, superIdentity } from './identity.ts'
export { type OwnerKind, ttlOf } from './node-owner.ts'
export { absent, IntField, LongField, type NodeStore, rootNode } from './node-store.ts'
export {
  type KeptOutcome,
  type Outcome,
  type OutcomeBounds,
  type OutcomeImage,
  outcomesPerSession,
  type OutcomeTable,
} from './outcome-table.ts'
export type { Preparer } from './preparer.ts'
export type { PreparerOptions, RequestContext } from './request-context.ts'
export { RequestCheck } from './request-check.ts'
export type { PathSpan } from './sequential-path.ts'
export * from './snapshot-image.ts'
export { Tree, type TreeOptions } from './tree.ts'
export { TreeError, type TreeErrorCode } from './tree-error.ts'
export type { TxnResult } from './txn-result.ts'
export type { Watcher, WatchTable } from './watch-table.ts'
