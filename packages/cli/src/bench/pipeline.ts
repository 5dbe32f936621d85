/**
 * Keeps a number of requests of one session under way, and checks what comes back.
 *
 * 1. Replies come in the order of the requests: xids count up by one.
 * 2. Zxids of replies never go back.
 * 3. A reply with an error ends the run, unless the error was declared harmless.
 */
import {
  errorName,
  readInt32,
  readLong,
  replyHeaderLength,
  writeInt32,
  Xid,
} from '@quorate/protocol'
import type { FrameReceiver, RawSession } from './raw-session.ts'

/** Gives one request after the other. */
export interface RequestSource {
  /** The longest request in bytes. */
  readonly lengthMax: number
  /** Writes the next request to `target` from `at` on and returns its end, or −1 when there is none left. */
  writeNext(target: Uint8Array, at: number): number
}

export interface PipelineOptions {
  readonly session: RawSession
  /** Requests under way at a time. */
  readonly depth: number
  readonly source: RequestSource
  /** An error that counts as success. */
  readonly harmlessError?: number
  /** Called for every reply, with its round trip and the bytes of its record. */
  readonly replied: (latencyMs: number, recordLength: number) => void
  /** Called for every watch event. */
  readonly notified?: (receivedAtMs: number) => void
}

/** Sends all of the source's requests; done when the last reply is there. */
export function runPipeline(options: PipelineOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const pipeline = new Pipeline(options, resolve, (error) => {
    options.session.destroy()
    reject(error)
  })
  options.session.receiveWith(pipeline)
  pipeline.turnEnded()
  return promise
}

class Pipeline implements FrameReceiver {
  readonly #options: PipelineOptions
  readonly #finished: () => void
  readonly #fail: (error: Error) => void
  /** When the requests under way were sent, at their xid modulo the depth. */
  readonly #sentAtMs: Float64Array
  #batch: Uint8Array
  #nextXid = 1
  #awaitedXid = 1
  #lastZxid = 0
  #hasMore = true

  constructor(options: PipelineOptions, finished: () => void, fail: (error: Error) => void) {
    this.#options = options
    this.#finished = finished
    this.#fail = fail
    this.#sentAtMs = new Float64Array(options.depth)
    this.#batch = this.#newBatch()
  }

  failed(error: Error): void {
    this.#fail(error)
  }

  frame(bytes: Uint8Array, start: number, end: number): void {
    const { session, harmlessError, depth, replied, notified } = this.#options
    const xid = readInt32(bytes, start)
    if (xid === Xid.notification) {
      notified?.(session.receivedAtMs)
      return
    }
    if (xid !== this.#awaitedXid) {
      this.#fail(new Error(`a reply carries the xid ${xid}; ${this.#awaitedXid} is next`))
      return
    }
    const zxid = readLong(bytes, start + 4)
    if (zxid < this.#lastZxid) {
      this.#fail(new Error(`the zxid went back from ${this.#lastZxid} to ${zxid} at xid ${xid}`))
      return
    }
    this.#lastZxid = zxid
    const error = readInt32(bytes, start + 12)
    if (error !== 0 && error !== harmlessError) {
      this.#fail(new Error(`xid ${xid} was answered ${error} (${errorName(error) ?? 'unknown'})`))
      return
    }
    this.#awaitedXid++
    replied(session.receivedAtMs - this.#sentAtMs[xid % depth]!, end - start - replyHeaderLength)
  }

  turnEnded(): void {
    const { session, depth, source } = this.#options
    const firstXid = this.#nextXid
    let end = 0
    while (this.#hasMore && this.#nextXid - this.#awaitedXid < depth) {
      const start = end
      const next = source.writeNext(this.#batch, start)
      if (next < 0) {
        this.#hasMore = false
      } else {
        end = next
        writeInt32(this.#batch, start + 4, this.#nextXid++)
      }
    }
    if (end > 0) {
      const sentAtMs = performance.now()
      for (let xid = firstXid; xid < this.#nextXid; xid++) this.#sentAtMs[xid % depth] = sentAtMs
      if (!session.write(this.#batch.subarray(0, end))) this.#batch = this.#newBatch()
    } else if (!this.#hasMore && this.#awaitedXid === this.#nextXid) {
      this.#finished()
    }
  }

  #newBatch(): Uint8Array {
    return new Uint8Array(this.#options.depth * this.#options.source.lengthMax)
  }
}
