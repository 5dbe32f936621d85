/** What a client needs of a network: the simulation's, or real sockets, where the same client asks processes. */
import type { Host } from '../host.ts'
import type { EndpointHandler } from '../network/endpoint.ts'
import type { DialHandler } from '../network/network.ts'

export interface ClientEndpoint {
  /** Numbers the connections of the whole run. */
  readonly connection: number
  handler: EndpointHandler | undefined
  /** Sends one message; a copy is taken. */
  send(bytes: Uint8Array): void
  close(): void
}

export interface ClientNetwork {
  /** The returned endpoint may be used when `opened` was called. */
  dial(from: Host, server: string, handler: DialHandler): ClientEndpoint
  /** The client's process has ended: its connections go. */
  processEnded(host: Host, losesPower: boolean): void
}
