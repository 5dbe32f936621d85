/**
 * Calls something regularly, but never before the input that is already there.
 *
 * Node runs a timer that is due before it reads its sockets. After a pause of the process (a stopped container, a blocked
 * loop, a sleeping laptop) the pings of living sessions lie in the sockets while the timer would expire those very
 * sessions. So a tick waits until the loop has been to the sockets: once when it is in time, and a few times after a
 * pause, since a connection that waits to be accepted is read only one round later.
 */
export interface TickerOptions {
  readonly intervalMs: number
  readonly ticked: () => void
  /** The timer fired this much later than planned, and more than an interval. */
  readonly stalled: (lateMs: number) => void
}

const roundsAfterStall = 4

export class Ticker {
  readonly #options: TickerOptions
  #timer: NodeJS.Timeout | undefined
  #dueAtMs = 0
  #isStopped = false

  constructor(options: TickerOptions) {
    this.#options = options
    this.#arm()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  #arm(): void {
    const { intervalMs } = this.#options
    this.#dueAtMs = performance.now() + intervalMs
    this.#timer = setTimeout(() => this.#fired(), intervalMs)
  }

  #fired(): void {
    const lateMs = performance.now() - this.#dueAtMs
    const isStall = lateMs > this.#options.intervalMs
    if (isStall) this.#options.stalled(lateMs)
    this.#tickAfter(isStall ? roundsAfterStall : 1)
  }

  #tickAfter(rounds: number): void {
    setImmediate(() => {
      if (this.#isStopped) return
      if (rounds > 1) {
        this.#tickAfter(rounds - 1)
        return
      }
      this.#options.ticked()
      this.#arm()
    })
  }
}
