/**
 * The changes that a persistent watch tells, as an async iterable.
 *
 * A stream that its reader is too slow for, and one whose connection was lost, cannot say what was missed. It says so
 * with a `gap`: read again what you keep of the node.
 */
import type { Change } from './change.ts'
import type { ZooKeeperError } from './zookeeper-error.ts'

/** Changes were missed: anything at or below the path may be different. */
export interface Gap {
  readonly type: 'gap'
  readonly path: string
}

export type WatchedChange = Change | Gap

/** So many changes wait for a slow reader; with one more they all become a gap. */
const waitingMax = 10_000

interface Reader {
  resolve(result: IteratorResult<WatchedChange, undefined>): void
  reject(error: ZooKeeperError): void
}

export class WatchStream
  implements
    AsyncIterableIterator<WatchedChange, undefined, undefined>,
    AsyncDisposable,
    Disposable
{
  readonly #path: string
  readonly #unwatch: () => Promise<void>
  #waiting: WatchedChange[] = []
  #readers: Reader[] = []
  #end: { readonly error: ZooKeeperError | undefined } | undefined

  /** @param unwatch takes the watch away; called once, when the reader stops */
  constructor(path: string, unwatch: () => Promise<void>) {
    this.#path = path
    this.#unwatch = unwatch
  }

  push(change: WatchedChange): void {
    if (this.#end !== undefined) return
    const reader = this.#readers.shift()
    if (reader !== undefined) reader.resolve({ done: false, value: change })
    else if (this.#waiting.length < waitingMax) this.#waiting.push(change)
    else this.#waiting = [{ type: 'gap', path: this.#path }]
  }

  pushGap(): void {
    this.push({ type: 'gap', path: this.#path })
  }

  /** No more changes will come: because of the error, or because the client was closed. */
  finish(error?: ZooKeeperError): void {
    if (this.#end !== undefined) return
    this.#end = { error }
    const readers = this.#readers
    this.#readers = []
    for (const reader of readers) this.#settle(reader)
  }

  next(): Promise<IteratorResult<WatchedChange, undefined>> {
    return new Promise((resolve, reject) => {
      const reader = { resolve, reject }
      const change = this.#waiting.shift()
      if (change !== undefined) resolve({ done: false, value: change })
      else if (this.#end === undefined) this.#readers.push(reader)
      else this.#settle(reader)
    })
  }

  async return(): Promise<IteratorResult<WatchedChange, undefined>> {
    this.#waiting = []
    if (this.#end === undefined) {
      this.finish()
      await this.#unwatch()
    }
    return { done: true, value: undefined }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  /** For `using`, which waits for nothing. */
  [Symbol.dispose](): void {
    void this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** The error is told once; afterwards the stream is merely over. */
  #settle(reader: Reader): void {
    const error = this.#end?.error
    if (error === undefined) {
      reader.resolve({ done: true, value: undefined })
    } else {
      this.#end = { error: undefined }
      reader.reject(error)
    }
  }
}
