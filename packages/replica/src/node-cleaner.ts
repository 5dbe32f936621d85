/**
 * Finds the containers and TTL nodes whose time is over (ContainerManager). Only the leader cleans, by ordinary transactions.
 *
 * A container goes when it has no children and once had some, or was never used for too long. A TTL node goes when it has no
 * children and was not changed for its time.
 */
import { absent, IntField, LongField, ttlOf, type Tree } from '@quorate/tree'
import type { ReplicaOptions } from './replica-options.ts'

export class NodeCleaner {
  readonly #tree: Tree
  readonly #options: ReplicaOptions
  #nextCheckAtMs = 0
  /** Paths found by the last check and not yet deleted. */
  #queue: Uint8Array[] = []
  #nextDeleteAtMs = 0

  constructor(tree: Tree, options: ReplicaOptions) {
    this.#tree = tree
    this.#options = options
  }

  /**
   * The paths to delete now: those that are due, at no more than the allowed rate.
   * @param nowMs monotonic; when a check is due
   * @param wallMs what nodes' times are compared with
   */
  due(nowMs: number, wallMs: number): readonly Uint8Array[] {
    if (nowMs >= this.#nextCheckAtMs) {
      this.#nextCheckAtMs = nowMs + this.#options.containerCheckIntervalMs
      if (this.#queue.length === 0) this.#queue = this.#find(wallMs)
    }
    // What was found up to a minute ago may have been used or replaced since.
    return this.#takeAllowed(nowMs).filter((path) => this.#isStillDue(path, wallMs))
  }

  #takeAllowed(nowMs: number): Uint8Array[] {
    if (this.#queue.length === 0) return []
    const intervalMs = 60_000 / this.#options.containerMaxPerMinute
    if (this.#nextDeleteAtMs < nowMs - 1_000) this.#nextDeleteAtMs = nowMs - 1_000
    const count = Math.min(
      this.#queue.length,
      Math.max(0, Math.floor((nowMs - this.#nextDeleteAtMs) / intervalMs)),
    )
    this.#nextDeleteAtMs += count * intervalMs
    return this.#queue.splice(0, count)
  }

  #isStillDue(path: Uint8Array, wallMs: number): boolean {
    const node = this.#tree.nodes.find(path, 0, path.length)
    if (node === absent) return false
    const { containers, ttlNodes } = this.#tree
    return (
      (containers.has(node) && this.#isUnused(node, wallMs)) ||
      (ttlNodes.has(node) && this.#isOutlived(node, wallMs))
    )
  }

  #find(wallMs: number): Uint8Array[] {
    const { nodes, containers, ttlNodes } = this.#tree
    const paths: Uint8Array[] = []
    for (const node of containers)
      if (this.#isUnused(node, wallMs)) paths.push(nodes.pathCopy(node))
    for (const node of ttlNodes)
      if (this.#isOutlived(node, wallMs)) paths.push(nodes.pathCopy(node))
    return paths
  }

  #isOutlived(node: number, wallMs: number): boolean {
    const { nodes } = this.#tree
    const ttlMs = ttlOf(nodes.int(node, IntField.ownerHigh), nodes.int(node, IntField.ownerLow))
    const isDue = wallMs - nodes.long(node, LongField.mtime) > ttlMs
    return isDue && nodes.int(node, IntField.firstChild) === absent
  }

  #isUnused(node: number, wallMs: number): boolean {
    const { nodes } = this.#tree
    if (nodes.int(node, IntField.firstChild) !== absent) return false
    if (nodes.int(node, IntField.cversion) > 0) return true
    const neverUsedMs = this.#options.containerMaxNeverUsedIntervalMs
    return neverUsedMs !== 0 && wallMs - nodes.long(node, LongField.mtime) > neverUsedMs
  }
}
