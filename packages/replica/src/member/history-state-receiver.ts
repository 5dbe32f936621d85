/** A state on its way from the leader to this member's disk: see StateSpool for the file, received-state.ts for what follows. */
import type { StateReceiver } from '@quorate/consensus'
import { LogError, type StateSpool } from '@quorate/log'

export class HistoryStateReceiver implements StateReceiver {
  readonly #spool: StateSpool
  readonly #install: (done: () => void) => void
  #isInstalling = false

  /** @param install seals the file and puts it in the place of the history */
  constructor(spool: StateSpool, install: (done: () => void) => void) {
    this.#spool = spool
    this.#install = install
  }

  get queuedBytes(): number {
    return this.#spool.queuedBytes
  }

  get onDrained(): (() => void) | undefined {
    return this.#spool.onDrained
  }

  set onDrained(drained: (() => void) | undefined) {
    this.#spool.onDrained = drained
  }

  push(bytes: Uint8Array, start: number, end: number): number {
    return this.#spool.push(bytes, start, end)
  }

  /** @throws LogError STATE_STREAM_BAD when the stream is not complete */
  install(done: () => void): void {
    if (!this.#spool.isComplete) {
      throw new LogError('STATE_STREAM_BAD', 'the state that the leader sends was cut off')
    }
    this.#isInstalling = true
    this.#install(done)
  }

  /** An installation that has begun goes on: the state is whole, and what is asked of the history next waits for it. */
  abort(): void {
    if (!this.#isInstalling) this.#spool.abort()
  }
}
