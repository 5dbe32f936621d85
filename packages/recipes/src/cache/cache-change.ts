/** What a cache tells of a node that is not as it was. */
import type { Zxid } from '@quorate/client/core'

/** A node as the cache has it. Its other numbers (of children, of the ACL) change without a word and are not kept. */
export interface CachedNode<V> {
  readonly path: string
  readonly value: V
  readonly version: number
  readonly czxid: Zxid
  readonly mzxid: Zxid
  /** 0n for a node that is not ephemeral. */
  readonly ephemeralOwner: bigint
}

export type CacheChange<V> =
  | { readonly type: 'added'; readonly path: string; readonly node: CachedNode<V> }
  /** A node that was deleted and created again in a short time is told as changed as well: its czxid is another one. */
  | {
      readonly type: 'changed'
      readonly path: string
      readonly node: CachedNode<V>
      readonly old: CachedNode<V>
    }
  /** `old` is undefined when the cache had no value of it. */
  | {
      readonly type: 'removed'
      readonly path: string
      readonly old: CachedNode<V> | undefined
    }
  /** The node cannot be read, or its value does not fit the codec: the cache has no value of it. */
  | {
      readonly type: 'invalid'
      readonly path: string
      readonly error: unknown
      readonly old: CachedNode<V> | undefined
    }
