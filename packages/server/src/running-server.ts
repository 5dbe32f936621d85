/** A server that runs, alone or as a member of an ensemble. */
import type { ServerMode } from './four-letter-words/inspected-server.ts'
import type { ServerError } from './server-error.ts'

export interface RunningServer {
  /** The address and port that the client port is bound to. */
  readonly address: string
  readonly port: number
  /** Resolves when the server has to stop by itself; it does so then. */
  readonly failure: Promise<ServerError>
  /** What it serves clients as; undefined while it serves nobody. */
  readonly mode: ServerMode | undefined
  /** Accepts no more, finishes what is under way, and closes everything. */
  stop(): Promise<void>
  /** Breaks all connections at once, whatever they still have to send, and then closes everything: of a kill, what peers see. */
  halt(): Promise<void>
}
