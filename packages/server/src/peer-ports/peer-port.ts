/**
 * A port that other servers connect to, for elections or for following, at one address or several.
 *
 * 1. One address that can be bound is enough: a server with two network cards goes on with one of them. What can't be bound is told.
 * 2. An address that is wanted is tried until it is bound: a network card may come late, and who has the port may leave.
 */
import { createServer, type Server } from 'node:net'
import type { HostPort, PeerLink, PeerLinkListener } from '@quorate/consensus'
import { SocketAcceptor } from '../client-port/accepted-socket.ts'
import { ExitCode } from '../exit-code.ts'
import { ServerError } from '../server-error.ts'
import type { Enter } from './peer-socket-link.ts'
import type { PeerSockets } from './peer-sockets.ts'

export interface PeerPortOptions {
  readonly name: 'election' | 'quorum' | 'observer master'
  /** Listens on all addresses of the machine instead of those that the membership has (`quorumListenOnAllIPs`). */
  readonly listensOnAllIps: boolean
  /** Attempts to bind, a second apart, until it is told that an address can't be had; 0: without end (`electionPortBindRetry`). */
  readonly bindAttemptsMax: number
  /** Between two attempts after that, ms. */
  readonly lateBindIntervalMs: number
  readonly sockets: PeerSockets
  readonly enter: Enter
  readonly accepted: (link: PeerLink) => PeerLinkListener
  readonly acceptFailed: (reason: string) => void
  /** One address of several can't be bound, and the port is open at others. */
  readonly addressUnavailable: (error: ServerError) => void
  /** It could be bound after all. */
  readonly addressOpened: (where: string) => void
}

type BindFailure = NodeJS.ErrnoException

/** Between two attempts to bind, as Apache has it. */
const bindRetryMs = 1_000

export class PeerPort {
  readonly #options: PeerPortOptions
  readonly #serverByAddress = new Map<string, Server>()
  #wanted: ReadonlyMap<string, HostPort> = new Map()
  /** Addresses of which was told that they can't be had. */
  readonly #late = new Set<string>()
  #isClosed = false

  constructor(options: PeerPortOptions) {
    this.#options = options
  }

  /**
   * Listens at these addresses, and no longer at others; connections stay. While it listens at one, it may go on trying the others.
   * @throws ServerError PEER_PORT_UNAVAILABLE when it listens nowhere
   */
  async listen(addresses: readonly HostPort[]): Promise<void> {
    const wanted = new Map(addresses.map((address) => [this.#nameOf(address), address]))
    this.#wanted = wanted
    for (const [name, server] of this.#serverByAddress) {
      if (wanted.has(name)) continue
      this.#serverByAddress.delete(name)
      server.close()
    }
    const missing = [...wanted.values()].filter((each) => !this.#isOpenAt(each))
    const failures = await Promise.all(missing.map((address) => this.#openOnce(address)))
    const opening = missing.map((address, i) => this.#goOnOpening(address, failures[i]))
    const done = this.#report(opening)
    if (this.#serverByAddress.size === 0) await done
    else void done
  }

  /** Of addresses that can't be bound: told while there is another one. @throws ServerError */
  async #report(opening: readonly Promise<void>[]): Promise<void> {
    for (const outcome of await Promise.allSettled(opening)) {
      if (outcome.status === 'fulfilled') continue
      const error = outcome.reason as ServerError
      if (this.#serverByAddress.size === 0 && !this.#isClosed) throw error
      this.#options.addressUnavailable(error)
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

  #isOpenAt(address: HostPort): boolean {
    return this.#serverByAddress.has(this.#nameOf(address))
  }

  /**
   * @param firstFailure of the first attempt; undefined: the address is open
   * @throws ServerError after the last one
   */
  async #goOnOpening(address: HostPort, firstFailure: BindFailure | undefined): Promise<void> {
    const { bindAttemptsMax, name } = this.#options
    let failure = firstFailure
    for (let attempt = 1; failure !== undefined && attempt !== bindAttemptsMax; attempt++) {
      await pause(bindRetryMs, { keepsProcess: true })
      if (!this.#isMissing(address)) return
      failure = await this.#openOnce(address)
    }
    if (failure === undefined) return
    void this.#openLate(address)
    throw unavailable(name, this.#nameOf(address), failure)
  }

  async #openLate(address: HostPort): Promise<void> {
    const { lateBindIntervalMs, addressOpened } = this.#options
    const name = this.#nameOf(address)
    if (this.#late.has(name)) return
    this.#late.add(name)
    let isOpened = false
    do {
      await pause(lateBindIntervalMs, { keepsProcess: false })
      isOpened = this.#isMissing(address) && (await this.#openOnce(address)) === undefined
    } while (this.#isMissing(address))
    this.#late.delete(name)
    if (isOpened) addressOpened(name)
  }

  #isMissing(address: HostPort): boolean {
    return this.#isWanted(address) && !this.#isOpenAt(address)
  }

  #isWanted(address: HostPort): boolean {
    return !this.#isClosed && this.#wanted.has(this.#nameOf(address))
  }

  /** @returns what was in the way, if anything */
  async #openOnce(address: HostPort): Promise<BindFailure | undefined> {
    const host = this.#options.listensOnAllIps ? undefined : address.host
    try {
      const server = await this.#listenOnce(host, address.port)
      if (this.#isWanted(address)) this.#serverByAddress.set(this.#nameOf(address), server)
      else server.close()
      return undefined
    } catch (error) {
      return error as BindFailure
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

async function pause(
  durationMs: number,
  { keepsProcess }: { readonly keepsProcess: boolean },
): Promise<void> {
  await new Promise((resolve) => {
    const timer = setTimeout(resolve, durationMs)
    if (!keepsProcess) timer.unref()
  })
}

function unavailable(name: string, where: string, error: BindFailure): ServerError {
  const advice =
    error.code === 'EADDRINUSE'
      ? 'another process uses it; stop that one, or give this server another port in its server line'
      : 'the server line of this server has to name an address of this machine; or set quorumListenOnAllIPs=true'
  const message = `the ${name} port ${where} cannot be opened: ${error.message}; ${advice}`
  return new ServerError('PEER_PORT_UNAVAILABLE', ExitCode.unexpectedError, message, {
    cause: error,
  })
}
