import type { PeerLink } from '@quorate/consensus'
import type { Endpoint } from '../network/endpoint.ts'

/** One end of a simulated connection, as what runs on it sees it: a server's, or through its extension a client’s. */
export class EndpointLink implements PeerLink {
  readonly #endpoint: Endpoint

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint
  }

  get queuedBytes(): number {
    return this.#endpoint.queuedBytes
  }

  write(bytes: Uint8Array, start: number, end: number): boolean {
    this.#endpoint.send(bytes, start, end)
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
