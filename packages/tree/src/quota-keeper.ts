/**
 * Keeps the quota table in step with the tree: limits and stats nodes that come and go, and what is used as other nodes
 * change. What is used is written into the stats nodes in place, on every server alike: no transaction, no new version, no watch.
 */
import { type Platform } from '@quorate/protocol'
import { absent, IntField } from './node-store.ts'
import {
  isAboveSoftLimit,
  type Quota,
  quotaNodeKind,
  quotaNodePath,
  quotaPath,
  QuotaTable,
  type QuotaUse,
} from './quota.ts'
import { formatQuotaText, parseQuotaText, type QuotaText } from './quota-text.ts'
import type { TreeState } from './tree-state.ts'

export class QuotaKeeper {
  readonly #state: TreeState
  readonly #platform: Platform
  readonly #table = new QuotaTable()
  /** A soft limit refuses nothing: somebody is told. */
  readonly #softQuotaExceeded: (quota: Quota) => void

  constructor(
    state: TreeState,
    platform: Platform,
    softQuotaExceeded: (quota: Quota) => void = () => {},
  ) {
    this.#state = state
    this.#platform = platform
    this.#softQuotaExceeded = softQuotaExceeded
  }

  /** The quota that a node at `bytes[start, end)` counts for. */
  nearest(bytes: Uint8Array, start: number, end: number): Quota | undefined {
    return this.#table.nearest(bytes, start, end)
  }

  nodeCreated(node: number, bytes: Uint8Array, start: number, end: number): void {
    switch (quotaNodeKind(bytes, start, end)) {
      case 'limits':
        this.#table.setLimits(quotaPath(bytes, start, end), this.#readText(node))
        this.#recount(quotaPath(bytes, start, end))
        break
      case 'stats':
        this.#recount(quotaPath(bytes, start, end))
        break
      case undefined:
        if (this.#table.size > 0)
          this.#grow(bytes, start, end, { count: 1, bytes: this.#dataLength(node) })
        break
    }
  }

  /** The node is still there. */
  nodeDeleted(node: number, bytes: Uint8Array, start: number, end: number): void {
    switch (quotaNodeKind(bytes, start, end)) {
      case 'limits':
        this.#table.delete(quotaPath(bytes, start, end))
        break
      case 'stats':
        this.#table.setUse(quotaPath(bytes, start, end), undefined)
        break
      case undefined:
        if (this.#table.size > 0)
          this.#grow(bytes, start, end, { count: -1, bytes: -this.#dataLength(node) })
        break
    }
  }

  dataChanged(
    node: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    lengthBefore: number,
  ): void {
    switch (quotaNodeKind(bytes, start, end)) {
      case 'limits':
        this.#table.setLimits(quotaPath(bytes, start, end), this.#readText(node))
        break
      case 'stats':
        this.#table.setUse(quotaPath(bytes, start, end), this.#readText(node))
        break
      case undefined:
        if (this.#table.size > 0)
          this.#grow(bytes, start, end, { count: 0, bytes: this.#dataLength(node) - lengthBefore })
        break
    }
  }

  /** Finds the quotas of a tree that was loaded, and counts what they use. */
  rebuild(): void {
    const root = this.#find('/zookeeper/quota')
    if (root === absent) return
    const paths: Uint8Array[] = []
    for (const node of this.#state.nodes.descendants(root)) {
      const path = this.#state.nodes.pathCopy(node)
      if (quotaNodeKind(path, 0, path.length) !== 'limits') continue
      paths.push(quotaPath(path, 0, path.length))
      this.#table.setLimits(paths.at(-1)!, this.#readText(node))
    }
    for (const path of paths) this.#recount(path)
  }

  #grow(bytes: Uint8Array, start: number, end: number, growth: QuotaUse): void {
    if (growth.count === 0 && growth.bytes === 0) return
    const quota = this.#table.addUse(bytes, start, end, growth)
    if (quota === undefined) return
    this.#writeStats(quota)
    if (isAboveSoftLimit(quota, growth)) this.#softQuotaExceeded(quota)
  }

  /** Counts the subtree anew, if it has a quota and a place to write what is used. */
  #recount(path: Uint8Array): void {
    const quota = this.#table.get(path)
    if (quota === undefined || this.#statsNode(path) === absent) return
    const { nodes } = this.#state
    const top = nodes.find(path, 0, path.length)
    let count = 0
    let bytes = 0
    if (top !== absent) {
      count = 1
      bytes = this.#dataLength(top)
      for (const node of nodes.descendants(top)) {
        count++
        bytes += this.#dataLength(node)
      }
    }
    this.#table.setUse(path, { count, bytes })
    this.#writeStats(quota)
  }

  #writeStats(quota: Quota): void {
    const node = this.#statsNode(quota.path)
    if (node === absent || quota.use === undefined) return
    const text = this.#platform.utf8Encode(formatQuotaText(quota.use))
    this.#state.setData(node, text, 0, text.length, -1)
  }

  #statsNode(path: Uint8Array): number {
    const stats = quotaNodePath(path, 'stats')
    return this.#state.nodes.find(stats, 0, stats.length)
  }

  #readText(node: number): QuotaText | undefined {
    const data = this.#state.nodes.dataCopy(node) ?? new Uint8Array(0)
    return parseQuotaText(this.#platform.utf8Decode(data, 0, data.length))
  }

  #dataLength(node: number): number {
    return Math.max(0, this.#state.nodes.int(node, IntField.dataLength))
  }

  #find(path: string): number {
    const bytes = this.#platform.utf8Encode(path)
    return this.#state.nodes.find(bytes, 0, bytes.length)
  }
}
