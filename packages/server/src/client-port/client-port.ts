/**
 * The TCP port clients connect to: accepts within limits, greets, and closes what never becomes a session.
 *
 * Compatibility: the port is opened when the server can serve; Apache ZooKeeper opens it first, and a client may connect
 * to a server that never answers it.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { SessionAttempt } from '@quorate/replica'
import type { FourLetterWord } from '../four-letter-words/word.ts'
import { ExitCode } from '../exit-code.ts'
import { ServerError } from '../server-error.ts'
import { SocketAcceptor, type Receiver } from './accepted-socket.ts'
import { ConnectionLimits } from './connection-limits.ts'
import { ConnectionThrottle, type ConnectionThrottleOptions } from './connection-throttle.ts'
import type { Greeting } from './first-bytes.ts'
import { type LinkOwner, SocketLink } from './socket-link.ts'

export interface ClientPortOptions {
  /** Undefined: all addresses. */
  readonly address: string | undefined
  /** 0: any free port. */
  readonly port: number
  /** −1: 50, as Java has it. */
  readonly backlog: number
  readonly maxByAddress: number
  readonly maxTotal: number
  readonly throttle: ConnectionThrottleOptions
  readonly keepsAlive: boolean
  readonly sessionlessTimeoutMs: number
  readonly juteMaxBuffer: number
}

/** Who connections are for. `C` is the replica's connection. */
export interface ClientPortHandler<C> {
  /** Undefined: nobody is served now, and the connection is closed. */
  connected(link: SocketLink<C>): C | undefined
  received(connection: C, bytes: Uint8Array, start: number, end: number): void
  /** Everything written to the connection has been sent. */
  drained(connection: C): void
  disconnected(connection: C): void
  hasSession(connection: C): boolean
  answer(word: FourLetterWord, argument: Uint8Array): string
  report(level: 'info' | 'warn', code: string, message: string): void
}

/** What the port is bound to. */
export interface BoundAddress {
  readonly address: string
  readonly port: number
}

/** How long a connection that is being closed may take to send what it still has. */
const lingerMs = 5_000
/** The same while the server stops. */
const stopLingerMs = 1_000

export class ClientPort<C> implements LinkOwner<C> {
  readonly juteMaxBuffer: number
  /** Connections that were turned away for a limit or by the throttle. */
  rejectedCount = 0
  /** Connections that were closed because they never asked for a session. */
  sessionlessExpiredCount = 0
  receivedBytes = 0
  readonly #options: ClientPortOptions
  readonly #handler: ClientPortHandler<C>
  readonly #limits: ConnectionLimits
  readonly #throttle: ConnectionThrottle
  #server: Server = newServer()
  readonly #links = new Set<SocketLink<C>>()
  /** In the order they were accepted; those that got a session meanwhile leave it at the next look. */
  readonly #sessionless = new Set<SocketLink<C>>()
  readonly #closingSinceMs = new Map<SocketLink<C>, number>()
  #emptied: (() => void) | undefined

  constructor(options: ClientPortOptions, handler: ClientPortHandler<C>) {
    this.juteMaxBuffer = options.juteMaxBuffer
    this.#options = options
    this.#handler = handler
    this.#limits = new ConnectionLimits(options)
    this.#throttle = new ConnectionThrottle(options.throttle, performance.now(), Math.random)
  }

  /**
   * Starts to listen.
   * @returns the address and port that clients reach it by
   * @throws ServerError CLIENT_PORT_UNAVAILABLE
   */
  async listen(): Promise<BoundAddress> {
    const { address, port } = this.#options
    return await this.#listenAt({ address, port }, this.#server)
  }

  /**
   * Listens at another address, and no longer at the one before; connections stay.
   * @throws ServerError CLIENT_PORT_UNAVAILABLE; it listens where it did then
   */
  async move(to: { readonly address: string; readonly port: number }): Promise<BoundAddress> {
    const server = newServer()
    const bound = await this.#listenAt(to, server)
    this.#server.close()
    this.#server = server
    return bound
  }

  async #listenAt(
    where: { readonly address: string | undefined; readonly port: number },
    server: Server,
  ): Promise<BoundAddress> {
    const { backlog } = this.#options
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => reject(unavailable(where, error)))
      const { address: host, port } = where
      server.listen({ host, port, backlog: backlog > 0 ? backlog : 50 }, resolve)
    })
    server.removeAllListeners('error')
    server.on('error', (error) => this.#reportAccept(error.message))
    const acceptor = new SocketAcceptor(
      (socket) => this.#accept(socket),
      (status) => this.#reportAccept(`system error ${-status}`),
    )
    acceptor.attach(server)
    const bound = server.address() as { address: string; port: number }
    return { address: bound.address, port: bound.port }
  }

  #reportAccept(reason: string): void {
    const message = `a connection could not be accepted: ${reason}; the limit of open files (ulimit -n) may be reached`
    this.#handler.report('warn', 'CLIENT_ACCEPT_FAILED', message)
  }

  #accept(socket: Socket): Receiver | undefined {
    // A peer that is gone already has no address any more.
    const address = plainAddress(socket.remoteAddress ?? '')
    const admission = address === '' ? 'gone' : this.#limits.admit(address)
    if (admission !== 'admitted') {
      if (admission !== 'gone') this.#reject(address, admission)
      socket.on('error', ignore)
      socket.destroy()
      return undefined
    }
    socket.setNoDelay(true)
    if (this.#options.keepsAlive) socket.setKeepAlive(true)
    const link = new SocketLink<C>(socket, this, {
      address,
      port: socket.remotePort ?? 0,
      acceptedAtMs: performance.now(),
    })
    this.#links.add(link)
    this.#sessionless.add(link)
    // 'close' follows an error; there is nothing to say of a peer that resets its connection.
    socket.on('error', ignore)
    socket.on('close', () => this.#closed(link))
    socket.on('drain', () => {
      if (link.connection !== undefined) this.#handler.drained(link.connection)
    })
    return (bytes, end) => {
      this.receivedBytes += end
      link.receive(bytes, 0, end)
    }
  }

  #reject(address: string, limit: 'maxClientCnxns' | 'maxCnxns'): void {
    this.rejectedCount++
    const of = limit === 'maxCnxns' ? 'in all' : `from ${address}`
    const value = limit === 'maxCnxns' ? this.#options.maxTotal : this.#options.maxByAddress
    const message = `a connection from ${address} was refused: there are ${value} connections ${of} already (${limit}); raise ${limit} if they are wanted`
    this.#handler.report('warn', 'CLIENT_CONNECTIONS_EXCEEDED', message)
  }

  #closed(link: SocketLink<C>): void {
    link.isClosing = true
    this.#links.delete(link)
    this.#sessionless.delete(link)
    this.#closingSinceMs.delete(link)
    this.#limits.release(link.remoteAddress)
    if (link.connection !== undefined) this.#handler.disconnected(link.connection)
    if (this.#links.size === 0) this.#emptied?.()
  }

  /** Whether a client that asks for a session gets it now; if not, its connection must be closed. */
  admitSession(attempt: SessionAttempt): boolean {
    const isAdmitted = this.#throttle.admit(attempt, performance.now())
    if (!isAdmitted) this.rejectedCount++
    return isAdmitted
  }

  get connectionCount(): number {
    return this.#limits.total
  }

  links(): Iterable<SocketLink<C>> {
    return this.#links
  }

  /** Closes connections that are overdue: those without a session, and those that do not take their last bytes. */
  sweep(nowMs: number): void {
    for (const link of this.#sessionless) {
      if (link.connection !== undefined && this.#handler.hasSession(link.connection)) {
        this.#sessionless.delete(link)
      } else if (nowMs - link.acceptedAtMs >= this.#options.sessionlessTimeoutMs) {
        this.#sessionless.delete(link)
        this.sessionlessExpiredCount++
        link.close()
      }
    }
    for (const [link, sinceMs] of this.#closingSinceMs) {
      if (nowMs - sinceMs >= lingerMs) link.destroy()
    }
  }

  /** Accepts no more. Connections stay. */
  stopAccepting(): void {
    this.#server.close()
  }

  /** Breaks every connection, whatever is still unsent. */
  destroyAll(): void {
    for (const link of this.#links) link.destroy()
  }

  /** Closes every connection, and resolves when the last is gone. */
  async closeAll(): Promise<void> {
    if (this.#links.size === 0) return
    const emptied = new Promise<void>((resolve) => (this.#emptied = resolve))
    for (const link of this.#links) link.close()
    const overdue = setTimeout(() => this.destroyAll(), stopLingerMs)
    await emptied
    clearTimeout(overdue)
  }

  connected(link: SocketLink<C>): C | undefined {
    return this.#handler.connected(link)
  }

  received(connection: C, bytes: Uint8Array, start: number, end: number): void {
    this.#handler.received(connection, bytes, start, end)
  }

  answer(word: FourLetterWord, argument: Uint8Array): string {
    return this.#handler.answer(word, argument)
  }

  reportStranger(link: SocketLink<C>, greeting: Extract<Greeting, { kind: 'stranger' }>): void {
    const message = `from ${link.remoteAddress}:${link.remotePort}: ${greeting.advice}`
    this.#handler.report('warn', greeting.code, message)
  }

  closing(link: SocketLink<C>): void {
    this.#closingSinceMs.set(link, performance.now())
  }
}

function ignore(): void {
  // The 'close' event tells all that is needed.
}

/** IPv4 addresses that come in over an IPv6 socket are still IPv4 addresses, for limits and for ACLs. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

function newServer(): Server {
  return createServer({ pauseOnConnect: true })
}

function unavailable(
  { address, port }: { readonly address: string | undefined; readonly port: number },
  error: NodeJS.ErrnoException,
): ServerError {
  const where = `${address ?? '*'}:${port}`
  const advice =
    error.code === 'EADDRINUSE'
      ? 'another process uses it; stop that one or choose another clientPort'
      : 'choose an address of this machine (clientPortAddress) and a port that this user may open (clientPort)'
  const message = `the client port ${where} cannot be opened: ${error.message}; ${advice}`
  return new ServerError('CLIENT_PORT_UNAVAILABLE', ExitCode.unexpectedError, message, {
    cause: error,
  })
}
