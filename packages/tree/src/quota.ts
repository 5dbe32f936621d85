/**
 * Quotas: how many nodes, and how many bytes of data, a subtree may hold.
 *
 * A client sets one on a path P by creating `/zookeeper/quota` + P + `/zookeeper_limits`; what is used stands in
 * `zookeeper_stats` beside it. The table follows these nodes, so that a change elsewhere finds its quota without looking
 * for them.
 *
 * 1. A path has a quota while its limits node exists. The root cannot have one.
 * 2. A node counts for one quota only, that of its nearest ancestor or itself (so P counts for P).
 * 3. Use is known while the stats node exists; without it nothing is counted and nothing refused.
 */
import { lastSlash, slash, spanEquals, utf8Encode } from '@quorate/protocol'
import { HashedPathMap } from './hashed-path-map.ts'
import { extendHash, finishHash, hashStart, pathHash } from './path-hash.ts'
import type { QuotaText } from './quota-text.ts'

export interface QuotaUse {
  /** Nodes, the quota's own path among them. */
  readonly count: number
  /** Sum of the nodes' data lengths. */
  readonly bytes: number
}

export interface Quota {
  readonly path: Uint8Array
  readonly limits: QuotaText
  /** Undefined while there is no stats node. */
  readonly use: QuotaUse | undefined
}

/** Which of a quota's two nodes a path is. */
export type QuotaNodeKind = 'limits' | 'stats'

const quotaRoot = utf8Encode('/zookeeper/quota')
const limitsName = utf8Encode('zookeeper_limits')
const statsName = utf8Encode('zookeeper_stats')
const noLimits: QuotaText = { count: -1, bytes: -1 }
const nothing: QuotaUse = { count: 0, bytes: 0 }

/** Whether `bytes[start, end)` is one of the nodes of a quota; {@link quotaPath} tells of which path. */
export function quotaNodeKind(
  bytes: Uint8Array,
  start: number,
  end: number,
): QuotaNodeKind | undefined {
  const pathStart = start + quotaRoot.length
  if (end <= pathStart || bytes[pathStart] !== slash) return undefined
  if (!spanEquals(quotaRoot, bytes, start, pathStart)) return undefined
  const cut = lastSlash(bytes, start, end)
  // `/zookeeper/quota/zookeeper_limits` would be the root's.
  if (cut === pathStart) return undefined
  if (spanEquals(limitsName, bytes, cut + 1, end)) return 'limits'
  return spanEquals(statsName, bytes, cut + 1, end) ? 'stats' : undefined
}

/** The path P whose limits or stats node is at `bytes[start, end)`: a view. */
export function quotaPath(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return bytes.subarray(start + quotaRoot.length, lastSlash(bytes, start, end))
}

/** The path of a node of the quota on `path`. */
export function quotaNodePath(path: Uint8Array, kind: QuotaNodeKind): Uint8Array {
  const name = kind === 'limits' ? limitsName : statsName
  return Uint8Array.of(...quotaRoot, ...path, slash, ...name)
}

interface QuotaEntry extends Quota {
  path: Uint8Array
  limits: QuotaText
  use: QuotaUse | undefined
}

export class QuotaTable {
  readonly #quotas = new HashedPathMap<QuotaEntry>()

  get size(): number {
    return this.#quotas.size
  }

  /**
   * The limits node of `path` was created, or its data changed.
   *
   * Compatibility: limits that cannot be read are no limits. Apache ZooKeeper answers writes below such a quota with an
   * error once it enforces quotas.
   * @param limits undefined when the text cannot be read
   */
  setLimits(path: Uint8Array, limits: QuotaText | undefined): void {
    const hash = pathHash(path, 0, path.length)
    const known = this.#quotas.get(hash, path, 0, path.length)
    if (known !== undefined) known.limits = limits ?? noLimits
    else {
      const entry: QuotaEntry = { path, limits: limits ?? noLimits, use: undefined }
      entry.path = this.#quotas.set(hash, path, 0, path.length, entry)
    }
  }

  /** The limits node of `path` was deleted. Returns whether there was one. */
  delete(path: Uint8Array): boolean {
    return this.#quotas.delete(pathHash(path, 0, path.length), path, 0, path.length)
  }

  /** The nodes were counted anew or the stats node was written; undefined when it was deleted. Nothing without a quota. */
  setUse(path: Uint8Array, use: QuotaUse | undefined): void {
    const entry = this.#quotas.get(pathHash(path, 0, path.length), path, 0, path.length)
    if (entry !== undefined) entry.use = use
  }

  /** The quota on exactly this path. */
  get(path: Uint8Array): Quota | undefined {
    return this.#quotas.get(pathHash(path, 0, path.length), path, 0, path.length)
  }

  /** The quota that a node at `bytes[start, end)` counts for. */
  nearest(bytes: Uint8Array, start: number, end: number): Quota | undefined {
    return this.#nearest(bytes, start, end)
  }

  /** The node's quota grows (or shrinks) by what happened to the node. Returns it when its stats node is to be rewritten. */
  addUse(bytes: Uint8Array, start: number, end: number, growth: QuotaUse): Quota | undefined {
    const quota = this.#nearest(bytes, start, end)
    if (quota?.use === undefined) return undefined
    quota.use = sum(quota.use, growth)
    return quota
  }

  *[Symbol.iterator](): IterableIterator<Quota> {
    for (const { value } of this.#quotas) yield value
  }

  #nearest(bytes: Uint8Array, start: number, end: number): QuotaEntry | undefined {
    if (this.#quotas.size === 0) return undefined
    let nearest: QuotaEntry | undefined
    let hash = hashStart
    let hashed = start
    for (let at = start + 1; at <= end; at++) {
      if (at < end && bytes[at] !== slash) continue
      hash = extendHash(hash, bytes, hashed, at)
      hashed = at
      nearest = this.#quotas.get(finishHash(hash), bytes, start, at) ?? nearest
    }
    return nearest
  }
}

/**
 * Whether a change breaks a hard limit. Soft limits never refuse anything.
 *
 * As in Apache ZooKeeper, a limit is looked at when its number changes at all: data that shrinks, but not below a limit that
 * was lowered meanwhile, is refused.
 * @param pending what changes in flight will add to the quota's use
 */
export function wouldExceed(quota: Quota, growth: QuotaUse, pending: QuotaUse = nothing): boolean {
  if (quota.use === undefined) return false
  const { countHardLimit, byteHardLimit } = quota.limits
  const after = sum(sum(quota.use, pending), growth)
  return (
    (growth.count !== 0 && isAbove(after.count, countHardLimit)) ||
    (growth.bytes !== 0 && isAbove(after.bytes, byteHardLimit))
  )
}

/** Whether a growth has brought the use above a soft limit, or further above it. */
export function isAboveSoftLimit({ use, limits }: Quota, growth: QuotaUse): boolean {
  if (use === undefined) return false
  return (
    (growth.count > 0 && isAbove(use.count, limits.count)) ||
    (growth.bytes > 0 && isAbove(use.bytes, limits.bytes))
  )
}

function isAbove(number: number, limit: number | undefined): boolean {
  return limit !== undefined && limit > -1 && number > limit
}

function sum(a: QuotaUse, b: QuotaUse): QuotaUse {
  return { count: a.count + b.count, bytes: a.bytes + b.bytes }
}
