/** A server that runs, alone or as a member of an ensemble. */
import type { ServerError } from './server-error.ts'

export interface RunningServer {
  /** The address and port that the client port is bound to. */
  readonly address: string
  readonly port: number
  /** Resolves when the server has to stop by itself; it does so then. */
  readonly failure: Promise<ServerError>
  /** Accepts no more, finishes what is under way, and closes everything. */
  stop(): Promise<void>
}
