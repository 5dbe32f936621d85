/**
 * One attempt to connect to another server, at all of its addresses at once: the first that answers is taken.
 *
 * While one address is silent, as behind a cut network, one that refuses is tried again: its server may not listen yet.
 *
 * Names are resolved here, at every attempt, and nothing is remembered: a server whose address has changed behind a stable name is
 * found by the next attempt (ZOOKEEPER-1506, 2184).
 */
import type { NetConnectOpts, Socket } from 'node:net'
import type { DialListener, Dialling, HostPort } from '@quorate/consensus'
import { readBuffer } from '../read-buffer.ts'
import { type Enter, PeerSocketLink } from './peer-socket-link.ts'
import type { PeerSockets } from './peer-sockets.ts'

/** As long as the longest pause of a learner that dials its leader. */
const retryMs = 100

export class PeerDial implements Dialling {
  readonly #listener: DialListener
  readonly #enter: Enter
  readonly #connect: (options: NetConnectOpts) => Socket
  readonly #sockets: PeerSockets
  readonly #attempts = new Set<Socket>()
  readonly #failureByAddress = new Map<string, string>()
  readonly #deadline: NodeJS.Timeout
  readonly #retries = new Set<NodeJS.Timeout>()
  #isOver = false

  constructor(
    parts: {
      readonly addresses: readonly HostPort[]
      readonly connect: (options: NetConnectOpts) => Socket
      readonly timeoutMs: number
      readonly sockets: PeerSockets
      readonly enter: Enter
    },
    listener: DialListener,
  ) {
    const { addresses, connect, timeoutMs, sockets, enter } = parts
    this.#listener = listener
    this.#enter = enter
    this.#connect = connect
    this.#sockets = sockets
    this.#deadline = setTimeout(() => this.#fail(`no answer within ${timeoutMs} ms`), timeoutMs)
    for (const address of addresses) this.#try(address)
    if (addresses.length === 0) setImmediate(() => this.#fail('no address of it is known'))
  }

  cancel(): void {
    this.#end()
  }

  #try({ host, port }: HostPort): void {
    let link: PeerSocketLink | undefined
    const options: NetConnectOpts = {
      host,
      port,
      lookup: this.#sockets.names.lookup,
      // What comes in before somebody listens waits in the socket.
      onread: {
        buffer: readBuffer,
        callback: (length, bytes) => {
          link?.receive(bytes, length)
          return true
        },
      },
    }
    const socket = this.#connect(options)
    this.#attempts.add(socket)
    const failed = (error: Error): void => {
      this.#attempts.delete(socket)
      this.#failureByAddress.set(`${host}:${port}`, error.message)
      if (this.#attempts.size === 0) this.#fail(this.#failures)
      else this.#tryLater({ host, port })
    }
    socket.once('error', failed)
    socket.once('connect', () => {
      socket.off('error', failed)
      this.#attempts.delete(socket)
      link = this.#sockets.adopt(socket, this.#enter)
      this.#open(link)
    })
  }

  get #failures(): string {
    return [...this.#failureByAddress].map(([where, what]) => `${where}: ${what}`).join('; ')
  }

  #tryLater(address: HostPort): void {
    const retry = setTimeout(() => {
      this.#retries.delete(retry)
      this.#try(address)
    }, retryMs)
    this.#retries.add(retry)
  }

  #open(link: PeerSocketLink): void {
    if (!this.#end()) return link.destroy()
    this.#enter(() => link.attach(this.#listener.opened(link)))
  }

  #fail(reason: string): void {
    if (this.#end()) this.#enter(() => this.#listener.failed(reason))
  }

  /** Whether this is its end: it has just one. */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    clearTimeout(this.#deadline)
    for (const retry of this.#retries) clearTimeout(retry)
    for (const socket of this.#attempts) {
      socket.removeAllListeners('error')
      socket.on('error', () => {})
      socket.destroy()
    }
    this.#attempts.clear()
    return true
  }
}
