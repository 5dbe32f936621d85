/** Real sockets as the network of the simulation's clients. */
import { connect, type Socket } from 'node:net'
import type {
  ClientEndpoint,
  ClientNetwork,
  DialHandler,
  EndpointHandler,
  Host,
} from '@quorate/simulator'
import type { Address } from '../network/fault-network.ts'
import type { RealTime } from './real-time.ts'

export class SocketNetwork implements ClientNetwork {
  readonly #time: RealTime
  readonly #addresses: ReadonlyMap<string, Address>
  readonly #endpointsByHost = new Map<Host, Set<SocketEndpoint>>()
  #connectionCount = 0

  constructor(time: RealTime, addresses: ReadonlyMap<string, Address>) {
    this.#time = time
    this.#addresses = addresses
  }

  dial(from: Host, server: string, handler: DialHandler): ClientEndpoint {
    const address = this.#addresses.get(server)
    if (address === undefined) throw new Error(`there is no ${server}`)
    const known = this.#endpointsByHost.get(from) ?? new Set<SocketEndpoint>()
    this.#endpointsByHost.set(from, known)
    const endpoint = new SocketEndpoint({
      connection: ++this.#connectionCount,
      socket: connect({ ...address, noDelay: true }),
      actor: from.name,
      time: this.#time,
      dial: handler,
      over: () => known.delete(endpoint),
    })
    known.add(endpoint)
    return endpoint
  }

  processEnded(host: Host): void {
    for (const endpoint of this.#endpointsByHost.get(host) ?? []) endpoint.close()
  }

  dispose(): void {
    for (const host of this.#endpointsByHost.keys()) this.processEnded(host)
  }
}

interface EndpointParts {
  readonly connection: number
  readonly socket: Socket
  readonly actor: string
  readonly time: RealTime
  readonly dial: DialHandler
  readonly over: () => void
}

class SocketEndpoint implements ClientEndpoint {
  readonly connection: number
  handler: EndpointHandler | undefined
  readonly #socket: Socket
  readonly #over: () => void
  #isOpen = false
  #isOver = false

  constructor({ connection, socket, actor, time, dial, over }: EndpointParts) {
    this.connection = connection
    this.#socket = socket
    this.#over = over
    const enter = (what: string, run: () => void): void =>
      time.enter(actor, what, () => {
        if (!this.#isOver) run()
      })
    let cause = 'the peer closed the connection'
    socket.once('connect', () =>
      enter('is connected', () => {
        this.#isOpen = true
        dial.opened()
      }),
    )
    socket.on('data', (bytes) => enter('reads', () => this.handler?.received(bytes)))
    socket.on('error', ({ message }) => (cause = message))
    socket.once('close', () =>
      enter('sees its connection end', () => {
        this.#end()
        if (this.#isOpen) this.handler?.closed(cause)
        else dial.failed(cause)
      }),
    )
  }

  send(bytes: Uint8Array): void {
    if (!this.#isOver) this.#socket.write(bytes.slice())
  }

  close(): void {
    if (this.#isOver) return
    this.#end()
    this.#socket.destroy()
  }

  #end(): void {
    this.#isOver = true
    this.#over()
  }
}
