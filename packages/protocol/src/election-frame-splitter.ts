/**
 * Takes the stream of an election port apart, behind the initial message: each message is an int length (1 to 524,288) and a
 * payload. A length outside of that ends the stream: the connection has to be closed.
 */
import { readInt32 } from './bytes.ts'
import type { ElectionRefusal } from './election-refusal.ts'
import { GatherBuffer } from './gather-buffer.ts'
import type { JuteWriter } from './jute-writer.ts'

/** Longest message on an election port, in bytes. */
export const electionFrameLengthMax = 524_288

/** Takes the payload `bytes[start, end)`, valid during the call only. */
export type TakeElectionFrame = (bytes: Uint8Array, start: number, end: number) => void

export function writeElectionFrame(writer: JuteWriter, payload: Uint8Array): void {
  writer.writeBuffer(payload)
}

export class ElectionFrameSplitter {
  readonly #gathered = new GatherBuffer()
  #refusal: ElectionRefusal | undefined

  /** Bytes of a message that has not come whole yet. */
  get gatheredLength(): number {
    return this.#gathered.length
  }

  /**
   * Takes `bytes[start, end)` and calls `take` for each message that they complete.
   * @returns why the stream can't go on, from then on at every call; undefined while it can
   */
  push(
    bytes: Uint8Array,
    start: number,
    end: number,
    take: TakeElectionFrame,
  ): ElectionRefusal | undefined {
    let at = start
    while (at < end && this.#refusal === undefined) {
      at =
        this.#gathered.length > 0
          ? this.#gather(bytes, at, end, take)
          : this.#next(bytes, at, end, take)
    }
    return this.#refusal
  }

  /** Takes the message at `start` in place, or begins to gather it. */
  #next(bytes: Uint8Array, start: number, end: number, take: TakeElectionFrame): number {
    const length = this.#lengthNeeded(bytes, start, end - start)
    if (length > end - start) {
      this.#gathered.append(bytes, start, end)
      return end
    }
    if (this.#refusal === undefined) take(bytes, start + 4, start + length)
    return start + length
  }

  /** Goes on gathering, never beyond the end of the message, and hands it out when it is there. */
  #gather(bytes: Uint8Array, start: number, end: number, take: TakeElectionFrame): number {
    const gathered = this.#gathered
    const needed = this.#lengthNeeded(gathered.bytes, 0, gathered.length) - gathered.length
    const at = start + Math.min(needed, end - start)
    gathered.append(bytes, start, at)
    const { bytes: whole, length } = gathered
    if (this.#lengthNeeded(whole, 0, length) > length || this.#refusal !== undefined) return at
    gathered.clear()
    take(whole, 4, length)
    return at
  }

  /** Length and payload together, as far as `length` bytes tell. */
  #lengthNeeded(bytes: Uint8Array, at: number, length: number): number {
    if (length < 4) return 4
    const payloadLength = readInt32(bytes, at)
    if (payloadLength < 1 || payloadLength > electionFrameLengthMax) {
      this.#refusal = {
        code: 'ELECTION_FRAME_LENGTH',
        message: `a message on the election port has the length ${payloadLength}; 1 to ${electionFrameLengthMax} is allowed`,
      }
      return 4
    }
    return 4 + payloadLength
  }
}
