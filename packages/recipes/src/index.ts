/** What is built on the client: locks, elections, barriers, counters, queues, caches, membership, discovery. */
export type { Signal } from './foundation/abort-source.ts'
export type { AnyZooKeeper } from './foundation/bytes-client.ts'
export type { LossPolicy } from './foundation/own-node.ts'
export {
  RecipeError,
  type RecipeErrorCode,
  type RecipeErrorOptions,
} from './foundation/recipe-error.ts'
