/**
 * The changes of a cache on their way to one reader.
 *
 * What waits for a slow reader is bounded by the number of nodes: the changes of one node are merged to one, from what the
 * reader knew last to what is so now. The merged change takes the place of its latest part, so that changes are read in the
 * order in which they were made, some of them left out.
 */
import type { CacheChange, CachedNode } from './cache-change.ts'

interface Reader<V> {
  resolve(result: IteratorResult<CacheChange<V>, undefined>): void
  reject(error: unknown): void
}

export class ChangeFeed<V> implements AsyncIterableIterator<CacheChange<V>, undefined, undefined> {
  readonly #closed: (feed: ChangeFeed<V>) => void
  readonly #waiting = new Map<string, CacheChange<V>>()
  #readers: Reader<V>[] = []
  #end: { readonly error: unknown } | undefined

  /** @param closed told once, when the reader stops */
  constructor(closed: (feed: ChangeFeed<V>) => void) {
    this.#closed = closed
  }

  push(change: CacheChange<V>): void {
    if (this.#end !== undefined) return
    const reader = this.#readers.shift()
    if (reader !== undefined) {
      reader.resolve({ done: false, value: change })
      return
    }
    const earlier = this.#waiting.get(change.path)
    this.#waiting.delete(change.path)
    const merged = earlier === undefined ? change : mergedChange(earlier, change)
    if (merged !== undefined) this.#waiting.set(change.path, merged)
  }

  /** Nothing more will come. What waits is read first, unless there is an error. */
  finish(error?: unknown): void {
    if (this.#end !== undefined) return
    this.#end = { error }
    const readers = this.#readers
    this.#readers = []
    for (const reader of readers) this.#settle(reader)
  }

  next(): Promise<IteratorResult<CacheChange<V>, undefined>> {
    return new Promise((resolve, reject) => {
      const first = this.#waiting.entries().next()
      if (!first.done) {
        const [path, change] = first.value
        this.#waiting.delete(path)
        resolve({ done: false, value: change })
      } else if (this.#end === undefined) {
        this.#readers.push({ resolve, reject })
      } else {
        this.#settle({ resolve, reject })
      }
    })
  }

  return(): Promise<IteratorResult<CacheChange<V>, undefined>> {
    this.#waiting.clear()
    if (this.#end === undefined) {
      this.finish()
      this.#closed(this)
    }
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** The error is told once; afterwards the feed is merely over. */
  #settle(reader: Reader<V>): void {
    const error = this.#end?.error
    if (error === undefined) {
      reader.resolve({ done: true, value: undefined })
    } else {
      this.#end = { error: undefined }
      reader.reject(error)
    }
  }
}

/** Both as one; undefined if they undo each other. */
function mergedChange<V>(
  earlier: CacheChange<V>,
  later: CacheChange<V>,
): CacheChange<V> | undefined {
  const { path } = later
  const old = oldOf(earlier)
  switch (later.type) {
    case 'invalid':
      return { ...later, old }
    case 'removed':
      return earlier.type === 'added' ? undefined : { ...later, old }
    default:
      return old === undefined
        ? { type: 'added', path, node: later.node }
        : { type: 'changed', path, node: later.node, old }
  }
}

function oldOf<V>(change: CacheChange<V>): CachedNode<V> | undefined {
  return change.type === 'added' ? undefined : change.old
}
