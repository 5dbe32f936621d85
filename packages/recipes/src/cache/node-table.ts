/**
 * The nodes that a cache has, by path, and the names below each.
 *
 * A node stays here while it is on the server, even when its value is of no use: its czxid and mzxid tell whether a later
 * read found something new.
 */
import type { Zxid } from '@quorate/client/core'
import { parentOf } from '../foundation/container.ts'
import type { CachedNode } from './cache-change.ts'

export class TableNode<V> implements CachedNode<V> {
  readonly path: string
  readonly value: V
  readonly version: number
  readonly czxid: Zxid
  readonly mzxid: Zxid
  readonly ephemeralOwner: bigint
  /** The load that saw the node last. */
  seenIn: number
  readonly isValid: boolean

  constructor(
    path: string,
    read: { readonly value: V; readonly isValid: boolean; readonly stat: NodeStat },
    seenIn: number,
  ) {
    this.path = path
    this.value = read.value
    this.isValid = read.isValid
    this.version = read.stat.version
    this.czxid = read.stat.czxid
    this.mzxid = read.stat.mzxid
    this.ephemeralOwner = read.stat.ephemeralOwner
    this.seenIn = seenIn
  }
}

export interface NodeStat {
  readonly version: number
  readonly czxid: Zxid
  readonly mzxid: Zxid
  readonly ephemeralOwner: bigint
}

export class NodeTable<V> {
  readonly #nodesByPath = new Map<string, TableNode<V>>()
  readonly #childrenByParent = new Map<string, Set<string>>()

  get size(): number {
    return this.#nodesByPath.size
  }

  get(path: string): TableNode<V> | undefined {
    return this.#nodesByPath.get(path)
  }

  put(node: TableNode<V>): void {
    const { path } = node
    if (path !== '/' && !this.#nodesByPath.has(path)) {
      const parent = parentOf(path)
      const siblings = this.#childrenByParent.get(parent)
      if (siblings === undefined) this.#childrenByParent.set(parent, new Set([path]))
      else siblings.add(path)
    }
    this.#nodesByPath.set(path, node)
  }

  remove(path: string): void {
    if (!this.#nodesByPath.delete(path)) return
    const parent = parentOf(path)
    const siblings = this.#childrenByParent.get(parent)
    siblings?.delete(path)
    if (siblings?.size === 0) this.#childrenByParent.delete(parent)
  }

  all(): IterableIterator<TableNode<V>> {
    return this.#nodesByPath.values()
  }

  /** Paths, in no particular order. */
  childrenOf(path: string): Iterable<string> {
    return this.#childrenByParent.get(path) ?? []
  }
}
