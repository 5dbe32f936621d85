/** Connections between servers, as the member of an ensemble sees them. */
import type { Appointment, DialListener, Dialling, PeerLinkListener } from '@quorate/consensus'
import type { Host } from '../host.ts'
import type { Endpoint, Port } from '../network/endpoint.ts'
import type { Network } from '../network/network.ts'
import { EndpointLink } from './endpoint-link.ts'

/** Enters the process: everything that a member hears of comes through one of these. */
export type Enter = (event: () => void) => void

/** A dial that nobody answers is given up after this, as an operating system's connect with a timeout. */
const dialTimeoutUs = 1_000_000

/** From now on the listener hears of what happens at this end. To be called from within the process. */
export function attach(endpoint: Endpoint, listener: PeerLinkListener, enter: Enter): void {
  endpoint.handler = {
    received: (bytes) => enter(() => listener.received(bytes, 0, bytes.length)),
    drained: () => enter(() => listener.drained()),
    closed: (cause) => enter(() => listener.closed(cause)),
  }
}

/** One attempt to connect to another server. */
export class PeerDial implements Dialling {
  readonly #endpoint: Endpoint
  readonly #timer: Appointment
  #isOver = false

  constructor(
    parts: {
      readonly host: Host
      readonly network: Network
      readonly target: string
      readonly port: Port
      readonly enter: Enter
    },
    listener: DialListener,
  ) {
    const { host, network, target, port, enter } = parts
    this.#endpoint = network.dial(
      host,
      target,
      {
        opened: () => {
          if (!this.#end()) return
          enter(() =>
            attach(this.#endpoint, listener.opened(new EndpointLink(this.#endpoint)), enter),
          )
        },
        failed: (cause) => {
          if (this.#end()) enter(() => listener.failed(cause))
        },
      },
      port,
    )
    // What ends before the opening was told of.
    this.#endpoint.handler = {
      received: () => {},
      drained: () => {},
      closed: (cause) => {
        if (this.#end()) enter(() => listener.failed(cause))
      },
    }
    this.#timer = host.after(
      dialTimeoutUs,
      'timer',
      'gives up to wait for n%',
      () => {
        if (!this.#end()) return
        this.#endpoint.abandon(true)
        enter(() => listener.failed('nobody answered'))
      },
      this.#endpoint.connection,
    )
  }

  cancel(): void {
    if (this.#end()) this.#endpoint.abandon(true)
  }

  /** Whether this is its end: it has just one. */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    this.#timer?.cancel()
    return true
  }
}
