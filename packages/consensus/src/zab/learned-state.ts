/**
 * How a learner's history is cut or replaced at its leader's word, before anything new is taken.
 *
 * 1. It is done on disk first, and memory is loaded from there (ZOOKEEPER-3642, 5094): there is no state in between that could be
 *    served or voted with.
 * 2. A cut that can't be made is followed by a whole snapshot, on a connection of its own (ZOOKEEPER-1549).
 */
import type { Zxid } from '@quorate/protocol'
import { followHistory } from './history-membership.ts'
import type { RoleParts } from './role-parts.ts'
import type { StateReceiver } from './zab-ports.ts'

/** Bytes of a snapshot that may wait for the disk before the leader is made to wait. */
const receivedBytesMax = 4 * 1_048_576

export interface LearnedStateOwner {
  /** Takes no packet until the operation is done. */
  busy(operation: (done: () => void) => void, then: () => void): void
  hold(): void
  release(): void
  /** Only a whole snapshot will do: {@link LearnedState.needsSnapshot}. */
  startAnew(): void
  broken(code: string, reason: string): void
}

export class LearnedState {
  readonly #parts: RoleParts
  readonly #owner: LearnedStateOwner
  #receiver: StateReceiver | undefined
  #needsSnapshot = false

  constructor(parts: RoleParts, owner: LearnedStateOwner) {
    this.#parts = parts
    this.#owner = owner
  }

  /** The leader asked for a cut that can't be made. */
  get needsSnapshot(): boolean {
    return this.#needsSnapshot
  }

  /** TRUNC */
  cut(zxid: Zxid): void {
    const { history } = this.#parts.ports
    this.#owner.busy(
      (done) =>
        history.truncate(zxid, (isDone) => {
          if (isDone) this.#replaced()
          this.#needsSnapshot = !isDone
          done()
        }),
      () => {
        if (this.#needsSnapshot) this.#owner.startAnew()
      },
    )
  }

  /** SNAP: its stream follows. */
  begin(zxid: Zxid): void {
    this.#receiver = this.#parts.ports.history.receiveState(zxid)
  }

  /** Takes bytes of the stream. @returns the offset behind its last one when it is complete, else −1 */
  take(bytes: Uint8Array, start: number, end: number): number {
    const receiver = this.#receiver!
    let at: number
    try {
      at = receiver.push(bytes, start, end)
    } catch (error) {
      const { message } = error as Error
      this.#owner.broken('SNAP_UNREADABLE', `the leader's snapshot can't be read: ${message}`)
      return -1
    }
    if (at !== -1) this.#install(receiver)
    else if (receiver.queuedBytes > receivedBytesMax) {
      this.#owner.hold()
      receiver.onDrained = () => this.#owner.release()
    }
    return at
  }

  /** The stream was cut. */
  abort(): void {
    this.#receiver?.abort()
    this.#receiver = undefined
  }

  #install(receiver: StateReceiver): void {
    this.#receiver = undefined
    receiver.onDrained = undefined
    this.#owner.busy(
      (done) =>
        receiver.install(() => {
          this.#replaced()
          done()
        }),
      () => {
        this.#needsSnapshot = false
      },
    )
  }

  /** The history in memory begins anew, also when the role has ended meanwhile. */
  #replaced(): void {
    const { ports, options, window, logSync } = this.#parts
    window.reset(ports.history.recent, ports.history.lastZxid)
    logSync.reset()
    if (options.reconfigEnabled) followHistory(ports)
  }
}
