/**
 * The next change of something that was just read, as a promise.
 *
 * 1. It is settled once: by the change, or when the session ends. Nobody needs to wait for it.
 * 2. A lost connection does not end it: the next server compares with the last zxid seen, and tells what was missed.
 */
import type { Change, ChangeListener } from './change.ts'
import { ZooKeeperError } from './zookeeper-error.ts'

/** What a read gives besides its result when it watches. */
export interface Watched extends AsyncDisposable {
  /**
   * Resolves with the next change; rejects with SessionExpired or Closed when the session ends first. A rejection that
   * nobody waits for is no unhandled one.
   */
  readonly changed: Promise<Change>
}

export class OneShotWatch {
  readonly changed: Promise<Change>
  readonly listener: ChangeListener
  readonly #over: () => void
  readonly #reject: (error: ZooKeeperError) => void

  /** @param over runs when there is nothing more to wait for */
  constructor(over: () => void) {
    this.#over = over
    const { promise, resolve, reject } = Promise.withResolvers<Change>()
    promise.catch(() => {})
    this.changed = promise
    this.#reject = reject
    this.listener = (change) => {
      over()
      resolve(change)
    }
  }

  pushGap(): void {}

  finish(error: ZooKeeperError = new ZooKeeperError('Closed')): void {
    this.#over()
    this.#reject(error)
  }
}
