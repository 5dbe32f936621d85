import type { ClientLink } from '@quorate/replica'
import type { Endpoint } from '../network/endpoint.ts'

/** A client's connection, as the replica sees it. */
export class SimulatedClientLink implements ClientLink {
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort: number
  readonly #endpoint: Endpoint

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
    this.remotePort = endpoint.connection
  }

  get queuedBytes(): number {
    return this.#endpoint.queuedBytes
  }

  write(bytes: Uint8Array, start: number, end: number): boolean {
    this.#endpoint.send(bytes.subarray(start, end))
    return true
  }

  pause(): void {
    this.#endpoint.pauseReading()
  }

  resume(): void {
    this.#endpoint.resumeReading()
  }

  close(): void {
    this.#endpoint.close()
  }
}
