/** Either kind of server, as the configuration wants it. */
import { EnsembleServer } from './ensemble/ensemble-server.ts'
import { LastingServer } from './lasting-server.ts'
import type { RunningServer } from './running-server.ts'
import { Server, type ServerOptions } from './server.ts'

/** Who starts a server this way has its directories locked by {@link LastingServer}. */
export type StartOptions = Pick<ServerOptions, 'config' | 'log' | 'machine'>

const textsOfServer = {
  diskFull:
    'only reads are served, and writes are refused with NotReadOnly; make room on the disk, and they are taken again',
  diskHasRoom: 'there is room on the disk again, and writes are taken',
}

const textsOfMember = {
  diskFull: 'this member votes no more; make room on the disk, and it comes back by itself',
  diskHasRoom: 'there is room on the disk again; this member looks for the others',
}

/**
 * Starts what the configuration describes. A server alone serves when this resolves; a member of an ensemble looks for the others.
 * @throws ServerError; nothing is left running or locked then
 */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const { ensemble } = options.config
  return ensemble === undefined
    ? await LastingServer.start({
        ...options,
        texts: textsOfServer,
        begin: (how) => Server.start({ ...options, ...how, isLocked: true }),
      })
    : await LastingServer.start({
        ...options,
        texts: textsOfMember,
        begin: (how) => EnsembleServer.start({ ...options, ...how, ensemble }),
      })
}
