/** A port that other servers connect to, for elections or for following, at one address or several. */
import { createServer, type Server } from 'node:net'
import type { HostPort, PeerLink, PeerLinkListener } from '@quorate/consensus'
import { SocketAcceptor } from '../client-port/accepted-socket.ts'
import { ExitCode } from '../exit-code.ts'
import { ServerError } from '../server-error.ts'
import type { Enter } from './peer-socket-link.ts'
import type { PeerSockets } from './peer-sockets.ts'

export interface PeerPortOptions {
  readonly name: 'election' | 'quorum'
  /** Listens on all addresses of the machine instead of those that the membership has (`quorumListenOnAllIPs`). */
  readonly listensOnAllIps: boolean
  /** Attempts to bind, a second apart; 0: without end (`electionPortBindRetry`). */
  readonly bindAttemptsMax: number
  readonly sockets: PeerSockets
  readonly enter: Enter
  readonly accepted: (link: PeerLink) => PeerLinkListener
  readonly acceptFailed: (reason: string) => void
}

/** Between two attempts to bind, as Apache has it. */
const bindRetryMs = 1_000

export class PeerPort {
  readonly #options: PeerPortOptions
  readonly #serverByAddress = new Map<string, Server>()
  #isClosed = false

  constructor(options: PeerPortOptions) {
    this.#options = options
  }

  /**
   * Listens at these addresses, and no longer at others; connections stay.
   * @throws ServerError PEER_PORT_UNAVAILABLE; it listens at those that came before then
   */
  async listen(addresses: readonly HostPort[]): Promise<void> {
    const wanted = new Map(addresses.map((address) => [this.#nameOf(address), address]))
    for (const [name, server] of this.#serverByAddress) {
      if (wanted.has(name)) continue
      this.#serverByAddress.delete(name)
      server.close()
    }
    for (const [name, { host, port }] of wanted) {
      if (this.#serverByAddress.has(name)) continue
      const server = await this.#bind(this.#options.listensOnAllIps ? undefined : host, port)
      if (this.#isClosed) server.close()
      else this.#serverByAddress.set(name, server)
    }
  }

  /** Accepts no more. Connections stay. */
  close(): void {
    this.#isClosed = true
    for (const server of this.#serverByAddress.values()) server.close()
    this.#serverByAddress.clear()
  }

  #nameOf({ host, port }: HostPort): string {
    return this.#options.listensOnAllIps ? `*:${port}` : `${host}:${port}`
  }

  async #bind(host: string | undefined, port: number): Promise<Server> {
    const { bindAttemptsMax, name } = this.#options
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#listenOnce(host, port)
      } catch (error) {
        if (attempt !== bindAttemptsMax && !this.#isClosed) await pause(bindRetryMs)
        else throw unavailable(name, `${host ?? '*'}:${port}`, error as NodeJS.ErrnoException)
      }
    }
  }

  async #listenOnce(host: string | undefined, port: number): Promise<Server> {
    const { sockets, enter, accepted, acceptFailed } = this.#options
    const server = createServer({ pauseOnConnect: true })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port }, resolve)
    })
    server.removeAllListeners('error')
    server.on('error', (error) => acceptFailed(error.message))
    const acceptor = new SocketAcceptor(
      (socket) => {
        const link = sockets.adopt(socket, enter)
        enter(() => link.attach(accepted(link)))
        return (bytes, end) => link.receive(bytes, end)
      },
      (status) => acceptFailed(`system error ${-status}`),
    )
    acceptor.attach(server)
    return server
  }
}

async function pause(durationMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, durationMs))
}

function unavailable(name: string, where: string, error: NodeJS.ErrnoException): ServerError {
  const advice =
    error.code === 'EADDRINUSE'
      ? 'another process uses it; stop that one, or give this server another port in its server line'
      : 'the server line of this server has to name an address of this machine; or set quorumListenOnAllIPs=true'
  const message = `the ${name} port ${where} cannot be opened: ${error.message}; ${advice}`
  return new ServerError('PEER_PORT_UNAVAILABLE', ExitCode.unexpectedError, message, {
    cause: error,
  })
}
