/** A server that runs, alone or as a member of an ensemble. */
import { LastingMember } from './ensemble/lasting-member.ts'
import { Server, type ServerOptions } from './server.ts'
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

/**
 * Starts what the configuration describes. A server alone serves when this resolves; a member of an ensemble looks for the others.
 * @throws ServerError; nothing is left running or locked then
 */
export async function startServer({ config, log }: ServerOptions): Promise<RunningServer> {
  const { ensemble } = config
  return ensemble === undefined
    ? await Server.start({ config, log })
    : await LastingMember.start({ config, ensemble, log })
}
