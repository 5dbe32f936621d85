import type { ClientLink } from '@quorate/replica'
import type { Endpoint } from '../network/endpoint.ts'
import { EndpointLink } from './endpoint-link.ts'

/** A client's connection, as the replica sees it. */
export class SimulatedClientLink extends EndpointLink implements ClientLink {
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort: number

  constructor(endpoint: Endpoint) {
    super(endpoint)
    this.remotePort = endpoint.connection
  }
}
