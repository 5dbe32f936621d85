/**
 * Limits how many clients get a session in a time: a token bucket, and in front of it, if wanted, a lot that turns clients
 * away before the bucket is empty (after "BLUE: A New Class of Active Queue Management Algorithms"). With the bucket alone
 * those who always come late get nothing while it is short of tokens; the lot falls on all alike.
 */
import type { SessionAttempt } from '@quorate/replica'

export interface ConnectionThrottleOptions {
  /** What the bucket holds, in new sessions; 0: there is no limit. */
  readonly tokens: number
  /** Each of these intervals brings `fillCount` tokens. */
  readonly fillTimeMs: number
  readonly fillCount: number
  /** Time between two changes of the share that is turned away; −1: there is no lot. */
  readonly freezeTimeMs: number
  /** Added to the share when the bucket is found empty. */
  readonly dropIncrease: number
  /** Taken from the share when the bucket is found full enough. */
  readonly dropDecrease: number
  /** The part of the bucket that may be missing for it to be full enough. */
  readonly decreaseRatio: number
  /** The tokens of one session each; undefined: all cost 1. */
  readonly weights: Readonly<Record<SessionAttempt, number>> | undefined
}

export class ConnectionThrottle {
  readonly #options: ConnectionThrottleOptions
  readonly #random: () => number
  readonly #capacity: number
  readonly #fillCount: number
  #tokens: number
  #filledAtMs: number
  #shareChangedAtMs: number
  /** The share of attempts that is turned away, whatever is in the bucket. */
  #dropShare = 0

  /**
   * @param nowMs on the monotonic clock, as in {@link admit}
   * @param random a number in [0, 1)
   */
  constructor(options: ConnectionThrottleOptions, nowMs: number, random: () => number) {
    // Capacity and fill are meant for new sessions, whatever one of these costs.
    const scale = options.weights?.create ?? 1
    this.#options = options
    this.#random = random
    this.#capacity = options.tokens * scale
    this.#fillCount = options.fillCount * scale
    this.#tokens = this.#capacity
    this.#filledAtMs = nowMs
    this.#shareChangedAtMs = nowMs
  }

  /** Takes the tokens of a session out of the bucket, or says that it cannot be had now. */
  admit(attempt: SessionAttempt, nowMs: number): boolean {
    if (this.#capacity === 0) return true
    this.#fill(nowMs)
    if (this.#options.freezeTimeMs !== -1 && this.#isDrawn(nowMs)) return false
    const cost = this.#options.weights?.[attempt] ?? 1
    if (this.#tokens < cost) return false
    this.#tokens -= cost
    return true
  }

  #fill(nowMs: number): void {
    const { fillTimeMs } = this.#options
    const passedMs = nowMs - this.#filledAtMs
    if (passedMs <= fillTimeMs) return
    const added = Math.floor((passedMs * this.#fillCount) / fillTimeMs)
    this.#tokens = Math.min(this.#tokens + added, this.#capacity)
    this.#filledAtMs = nowMs
  }

  #isDrawn(nowMs: number): boolean {
    if (nowMs - this.#shareChangedAtMs > this.#options.freezeTimeMs) {
      this.#shareChangedAtMs = nowMs
      this.#changeShare()
    }
    return this.#random() < this.#dropShare
  }

  #changeShare(): void {
    const { dropIncrease, dropDecrease, decreaseRatio } = this.#options
    const missing = this.#capacity - this.#tokens
    if (this.#tokens === 0) this.#dropShare = Math.min(this.#dropShare + dropIncrease, 1)
    else if (missing <= Math.round(this.#capacity * decreaseRatio))
      this.#dropShare = Math.max(this.#dropShare - dropDecrease, 0)
  }
}
