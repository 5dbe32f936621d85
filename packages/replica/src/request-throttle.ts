/**
 * Keeps the requests under way bounded: who has some is no longer read while there are too many of all connections.
 *
 * 1. While a connection is stopped there are writes under way, which are delivered some time, and {@link RequestThrottle.release}
 *    is called then.
 * 2. Connections go on in the order in which they were stopped.
 */
import type { ClientConnection } from './client-connection.ts'
import type { ReplicaOptions } from './replica-options.ts'

/** Who knows of requests under way: writes, what is deferred behind them, and answers that wait for their turn. */
interface RequestsUnderWay {
  readonly authority: { readonly inFlightCount: number }
  readonly router: { readonly deferredCount: number }
  readonly order: { readonly heldCount: number }
}

export class RequestThrottle {
  /** How often a connection was stopped. */
  waitCount = 0
  readonly #underWayMax: number
  readonly #isStrict: boolean
  readonly #underWay: RequestsUnderWay
  readonly #resume: (connection: ClientConnection) => void
  readonly #stopped = new Set<ClientConnection>()

  /** @param resume reads on; it may stop the connection again */
  constructor(
    options: ReplicaOptions,
    underWay: RequestsUnderWay,
    resume: (connection: ClientConnection) => void,
  ) {
    const { globalOutstandingLimit, requestThrottleMaxRequests } = options
    this.#isStrict = requestThrottleMaxRequests > 0
    // Apache's throttle waits when its limit is reached, the connection layer when its own is exceeded.
    this.#underWayMax = this.#isStrict
      ? Math.min(globalOutstandingLimit, requestThrottleMaxRequests - 1)
      : globalOutstandingLimit
    this.#underWay = underWay
    this.#resume = resume
  }

  /**
   * Whether what the connection has sent behind its last request has to wait. Only request_throttle_max_requests is that exact;
   * globalOutstandingLimit lets pass what came in one packet.
   *
   * Compatibility: Apache also stalls a connection's first request while request_throttle_max_requests are under way; here each
   * connection may have one, and reads that wait for nothing are answered.
   */
  stopsInput(connection: ClientConnection): boolean {
    return this.#isStrict && this.#isCrowded() && connection.outstandingCount > 0
  }

  /** After the input of a connection: it is not read on if there are too many requests, and some are its own. */
  inputEnded(connection: ClientConnection): void {
    if (!this.#isCrowded() || connection.outstandingCount === 0) return
    if (connection.isThrottled || connection.isClosed) return
    connection.isThrottled = true
    this.#stopped.add(connection)
    connection.link.pause()
    this.waitCount++
  }

  /** Requests have been answered: read on, as long as they stay few. */
  release(): void {
    for (const connection of this.#stopped) {
      if (this.#isCrowded()) return
      // A connection that is stopped again on the spot comes back behind the others.
      this.#stopped.delete(connection)
      connection.isThrottled = false
      this.#resume(connection)
    }
  }

  forget(connection: ClientConnection): void {
    this.#stopped.delete(connection)
  }

  #isCrowded(): boolean {
    const { authority, router, order } = this.#underWay
    return authority.inFlightCount + router.deferredCount + order.heldCount > this.#underWayMax
  }
}
