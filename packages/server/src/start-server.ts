/** Either kind of server, as the configuration wants it. */
import { LastingMember } from './ensemble/lasting-member.ts'
import type { RunningServer } from './running-server.ts'
import { Server, type ServerOptions } from './server.ts'

/**
 * Starts what the configuration describes. A server alone serves when this resolves; a member of an ensemble looks for the others.
 * @throws ServerError; nothing is left running or locked then
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { ensemble } = options.config
  return ensemble === undefined
    ? await Server.start(options)
    : await LastingMember.start({ ...options, ensemble })
}
