/** Writes one snapshot a slice at a turn of the loop, so that requests are served in between. */
import type { SnapshotWriter } from '@quorate/log'

export class SnapshotJob {
  readonly #writer: SnapshotWriter
  readonly #ended: (error: Error | undefined) => void
  #isStopped = false
  #isStepping = false

  /** @param ended called once, unless the job is stopped first */
  constructor(writer: SnapshotWriter, ended: (error: Error | undefined) => void) {
    this.#writer = writer
    this.#ended = ended
    setImmediate(() => this.#step())
  }

  get path(): string {
    return this.#writer.path
  }

  /** Gives up and removes what was written so far. */
  stop(): void {
    this.#isStopped = true
    this.#writer.revoke()
    // A write under way must be over before its file is closed; its step aborts then.
    if (!this.#isStepping) this.#writer.abort()
  }

  #step(): void {
    if (this.#isStopped) return
    this.#isStepping = true
    this.#writer.step((error, isFinished) => {
      this.#isStepping = false
      if (this.#isStopped) this.#writer.abort()
      else if (error !== undefined || isFinished) this.#ended(error)
      else setImmediate(() => this.#step())
    })
  }
}
