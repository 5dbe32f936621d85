/** One end of a connection between two servers of a {@link ZabWorld}: bytes arrive in order after a delay, or are lost when it breaks. */
import type { PeerLink, PeerLinkListener } from '@quorate/consensus'
import type { ZabServer } from './zab-server.ts'
import type { ZabWorld } from './zab-world.ts'

export class MemoryLink implements PeerLink {
  readonly peerId: number
  readonly queuedBytes = 0
  /** The same at both ends. */
  readonly connection: number
  listener: PeerLinkListener | undefined
  far: MemoryLink | undefined
  readonly #world: ZabWorld
  readonly #owner: ZabServer
  #isOver = false
  #isPaused = false
  #waiting: Uint8Array[] = []
  /** Written while the path was held, and whether the end is among it. */
  #held: Uint8Array[] = []
  #isEndHeld = false
  #lastArrivalMs = 0

  constructor(world: ZabWorld, owner: ZabServer, peerId: number, connection: number) {
    this.#world = world
    this.#owner = owner
    this.peerId = peerId
    this.connection = connection
  }

  write(bytes: Uint8Array, start: number, end: number): boolean {
    const copy = bytes.slice(start, end)
    this.#world.observer.sent?.(this.#owner.id, this.peerId, copy, this.connection)
    if (this.#world.isHeld(this.#owner.id, this.peerId)) this.#held.push(copy)
    else this.#transmit(copy)
    return true
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    while (!this.#isPaused && !this.#isOver && this.#waiting.length > 0)
      this.#take(this.#waiting.shift()!)
  }

  close(): void {
    this.end('closed here')
    if (this.#world.isHeld(this.#owner.id, this.peerId)) this.#isEndHeld = true
    else this.#transmitEnd()
  }

  /** The path is held no more: what was written leaves. */
  release(): void {
    for (const bytes of this.#held) this.#transmit(bytes)
    this.#held = []
    if (this.#isEndHeld) this.#transmitEnd()
    this.#isEndHeld = false
  }

  /** The connection breaks: what is under way is lost. */
  break(): void {
    this.end('broken')
    this.far?.end('broken')
  }

  /** The owner is gone, and hears nothing of it. */
  abandon(): void {
    this.listener = undefined
    this.break()
  }

  /** Told to both ends, once each. */
  end(reason: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#owner.linkOver(this)
    this.listener?.closed(reason)
  }

  #transmit(bytes: Uint8Array): void {
    const split = this.#world.splitAt(bytes.length)
    if (split > 0 && split < bytes.length) {
      this.#transmitChunk(bytes.subarray(0, split))
      this.#transmitChunk(bytes.subarray(split))
    } else this.#transmitChunk(bytes)
  }

  #transmitChunk(bytes: Uint8Array): void {
    const { far } = this
    if (far === undefined) return
    this.#world.after(this.#arrivalDelayMs(), () => far.#arrive(bytes))
  }

  #transmitEnd(): void {
    const { far } = this
    this.#world.after(this.#arrivalDelayMs(), () => far?.end('closed there'))
  }

  #arrivalDelayMs(): number {
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.#world.nowMs + this.#world.delayMs())
    return this.#lastArrivalMs - this.#world.nowMs
  }

  #arrive(bytes: Uint8Array): void {
    if (this.#isOver) return
    if (this.#isPaused) this.#waiting.push(bytes)
    else this.#take(bytes)
  }

  #take(bytes: Uint8Array): void {
    this.listener?.received(bytes, 0, bytes.length)
  }
}
