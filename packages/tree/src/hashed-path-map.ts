/**
 * A map keyed by path bytes, for the tables that stand beside the tree: watches, quotas, encoded ACLs.
 *
 * A key is found where it lies, in a request or a transaction: `get` makes no string and no copy. The caller brings the
 * hash ({@link pathHash}), since it often has it from an earlier step or from walking over the ancestors.
 *
 * 1. All entries of one hash form one chain, and no chain is empty.
 * 2. A key is the map's own copy; it does not change while it is in the map.
 */
import { spanEquals } from '@quorate/protocol'

export interface PathEntry<V> {
  readonly path: Uint8Array
  readonly value: V
}

interface ChainedEntry<V> extends PathEntry<V> {
  value: V
  /** Another path with the same hash. */
  next: ChainedEntry<V> | undefined
}

export class HashedPathMap<V> {
  readonly #chainsByHash = new Map<number, ChainedEntry<V>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  get(hash: number, bytes: Uint8Array, start: number, end: number): V | undefined {
    return this.#find(hash, bytes, start, end)?.value
  }

  /** Puts `value` in the place of an earlier one. Returns the map's copy of the key, which may be kept and not changed. */
  set(hash: number, bytes: Uint8Array, start: number, end: number, value: V): Uint8Array {
    const known = this.#find(hash, bytes, start, end)
    if (known !== undefined) {
      known.value = value
      return known.path
    }
    const path = bytes.slice(start, end)
    this.#chainsByHash.set(hash, { path, value, next: this.#chainsByHash.get(hash) })
    this.#size++
    return path
  }

  /** Returns whether the key was there. */
  delete(hash: number, bytes: Uint8Array, start: number, end: number): boolean {
    let previous: ChainedEntry<V> | undefined
    let entry = this.#chainsByHash.get(hash)
    while (entry !== undefined && !spanEquals(entry.path, bytes, start, end)) {
      previous = entry
      entry = entry.next
    }
    if (entry === undefined) return false
    if (previous !== undefined) previous.next = entry.next
    else if (entry.next !== undefined) this.#chainsByHash.set(hash, entry.next)
    else this.#chainsByHash.delete(hash)
    this.#size--
    return true
  }

  /** In no order. The entry that was just given may be deleted meanwhile. */
  *[Symbol.iterator](): IterableIterator<PathEntry<V>> {
    for (const first of this.#chainsByHash.values()) {
      for (let entry: ChainedEntry<V> | undefined = first; entry !== undefined; entry = entry.next)
        yield entry
    }
  }

  #find(hash: number, bytes: Uint8Array, start: number, end: number): ChainedEntry<V> | undefined {
    let entry = this.#chainsByHash.get(hash)
    while (entry !== undefined && !spanEquals(entry.path, bytes, start, end)) entry = entry.next
    return entry
  }
}
