/**
 * How far a client has come.
 *
 * 1. It goes to no server that is behind {@link SeenZxids.last}.
 * 2. A transaction of several operations fires several watches, each told in a message of its own, and the connection may be lost
 *    between two of them. So an event tells of the transactions before its own that they are complete, and only an answer tells
 *    that of the latest one. Watches are set again from {@link SeenZxids.complete} on.
 */
import type { Zxid } from '@quorate/protocol'

export class SeenZxids {
  #last: Zxid
  #complete: Zxid

  /** @param before what to go on from */
  constructor(before?: SeenZxids) {
    this.#last = before?.last ?? 0
    this.#complete = before?.complete ?? 0
  }

  /** The latest transaction that a server told of. */
  get last(): Zxid {
    return this.#last
  }

  /** Every event of the transactions up to this one has been received. */
  get complete(): Zxid {
    return this.#complete
  }

  /** A server has answered when it was at this transaction. */
  answered(zxid: Zxid): void {
    if (zxid > this.#last) this.#last = zxid
    if (zxid > this.#complete) this.#complete = zxid
  }

  /** A watch was fired by this transaction. */
  notified(zxid: Zxid): void {
    if (zxid > this.#last) this.#last = zxid
    if (zxid - 1 > this.#complete) this.#complete = zxid - 1
  }

  forget(): void {
    this.#last = 0
    this.#complete = 0
  }
}
