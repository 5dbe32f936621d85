/**
 * The way from one host to another, in one direction, shared by all connections between the two. Faults change it; what is on its
 * way asks it.
 */
import type { FaultKind } from '../faults/fault-counts.ts'

export class Link {
  readonly from: string
  readonly to: string
  /** Set: nothing gets through, and the fault that did it. What is sent meanwhile arrives when it is healed. */
  blockedBy: FaultKind | undefined
  /** Bytes that get through per virtual ms. */
  bytesPerMs: number = Infinity
  /** Messages take up to so much longer, each for itself, so that one connection's overtake another's. */
  unevenMostUs = 0
  /** The chance that the target's kernel refuses a connection. */
  refuseChance = 0
  /** The chance that one dial arrives as two connections. */
  duplicateChance = 0
  #busyUntilUs = 0
  #lastArrivalUs = 0
  #lastConnection = 0
  #waiting: (() => void)[] = []

  constructor(from: string, to: string) {
    this.from = from
    this.to = to
  }

  get isBlocked(): boolean {
    return this.blockedBy !== undefined
  }

  get isNarrow(): boolean {
    return this.bytesPerMs !== Infinity
  }

  /** Calls `goOn` when the way is free again. */
  whenFree(goOn: () => void): void {
    this.#waiting.push(goOn)
  }

  /** Who waits for the way to be free, in the order of their coming; they are forgotten here. */
  unblock(): readonly (() => void)[] {
    this.blockedBy = undefined
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }

  /** How long the bytes take to get into a narrow way, behind all that are before them. */
  queueUs(nowUs: number, length: number): number {
    if (!this.isNarrow) return 0
    const startUs = Math.max(nowUs, this.#busyUntilUs)
    this.#busyUntilUs = startUs + Math.ceil((length * 1_000) / this.bytesPerMs)
    return this.#busyUntilUs - nowUs
  }

  /** Whether a message that arrives then overtakes one of another connection that was sent before it. */
  overtakes(connection: number, arrivalUs: number): boolean {
    const isOvertaking = arrivalUs < this.#lastArrivalUs && connection !== this.#lastConnection
    if (arrivalUs >= this.#lastArrivalUs) {
      this.#lastArrivalUs = arrivalUs
      this.#lastConnection = connection
    }
    return isOvertaking
  }
}
