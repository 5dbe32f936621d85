/** The caller's deadline and signal over a call that is made of several requests: what each step may still take. */
import { Call, type CallOptions, callOptionsOf } from './call.ts'
import type { Clock } from './world.ts'

/** What a step is part of, for its errors. */
export interface WholeCall {
  readonly op: string
  readonly path: string
}

export class CallBudget {
  readonly #clock: Clock
  readonly #options: CallOptions
  readonly #endAtMs: number | undefined

  /** Counts from now. */
  constructor(clock: Clock, options: CallOptions) {
    this.#clock = clock
    this.#options = callOptionsOf(options)
    const { deadlineMs } = options
    this.#endAtMs = deadlineMs === undefined ? undefined : clock.nowMs() + deadlineMs
  }

  /** The limits of the next step. */
  get limits(): CallOptions {
    if (this.#endAtMs === undefined) return this.#options
    return { ...this.#options, deadlineMs: Math.max(0, this.#endAtMs - this.#clock.nowMs()) }
  }

  /** @throws ZooKeeperError Aborted or OperationTimeout when the budget ends before the pause */
  pause(delayMs: number, { op, path }: WholeCall): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const wait = { name: op, type: 0, path, isWrite: false, write() {}, read() {} }
      const call = new Call(wait, () => resolve(), reject)
      call.limit(this.#clock, this.limits)
      if (call.isSettled) return
      const alarm = this.#clock.wakeAfter(delayMs, () => call.succeed(undefined))
      call.onSettled(() => alarm.cancel())
    })
  }
}

/** So long that those who met once hardly meet again: at random up to a bound that doubles with each try. */
export function backOffMs(random: { next(): number }, tries: number): number {
  return random.next() * Math.min(backOffMsMax, backOffMsFirst * 2 ** Math.min(tries, 10))
}

const backOffMsFirst = 5
const backOffMsMax = 1000
