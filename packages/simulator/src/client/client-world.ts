/** The simulation's answers to what the client library asks of the world: its network, its clocks and its chance. */
import type { Clock, Link, LinkListener, World as ClientWorld } from '@quorate/client/core'
import { purePlatform } from '@quorate/protocol'
import type { Host } from '../host.ts'
import type { Network } from '../network/network.ts'
import type { Prng } from '../prng.ts'
import type { PromiseTurns } from '../promise-turns.ts'
import { usPerMs, type World } from '../world.ts'
import { ConnectionTap } from './connection-tap.ts'
import type { SentRequest } from './operation-decoder.ts'

export interface ClientWorldParts {
  readonly host: Host
  readonly network: Network
  readonly random: Prng
  readonly turns: PromiseTurns
  observe: World['observe']
  /** Told of the tap of each connection. */
  tapped(tap: ConnectionTap): void
}

export function createClientWorld(parts: ClientWorldParts): ClientWorld {
  const writes = new Map<number, SentRequest>()
  return {
    transport: {
      dial: ({ host: server }, listener) => new TappedLink(parts, server, { listener, writes }),
    },
    clock: createClock(parts),
    random: parts.random,
    platform: purePlatform,
  }
}

/** Alarms ring at whole milliseconds, as Node's timers do. */
function createClock({ host, turns }: ClientWorldParts): Clock {
  return {
    nowMs: () => host.monotonicMs,
    wakeAfter: (delayMs, wake) =>
      host.after(Math.ceil(delayMs) * usPerMs, 'timer', 'is woken', () => {
        turns.begin()
        wake()
      }),
    afterTurn(run) {
      host.after(0, 'input', 'has read what there is', () => {
        turns.begin()
        run()
      })
    },
  }
}

class TappedLink implements Link {
  readonly #endpoint: ReturnType<Network['dial']>
  readonly #tap: ConnectionTap
  readonly #listener: LinkListener
  readonly #turns: PromiseTurns
  #isOver = false

  constructor(
    parts: ClientWorldParts,
    server: string,
    {
      listener,
      writes,
    }: { readonly listener: LinkListener; readonly writes: Map<number, SentRequest> },
  ) {
    const { host, network, turns, observe } = parts
    this.#listener = listener
    this.#turns = turns
    this.#endpoint = network.dial(host, server, {
      opened: () => this.#opened(),
      failed: (cause) => this.#closed(cause),
    })
    const { connection } = this.#endpoint
    this.#tap = new ConnectionTap({ host, server, connection, observe, writes })
    this.#endpoint.handler = {
      received: (bytes) => this.#received(bytes),
      drained: () => {},
      closed: (cause) => this.#closed(cause),
    }
    observe({ type: 'dialled', client: host.name, server })
    parts.tapped(this.#tap)
  }

  send(bytes: Uint8Array): void {
    if (this.#isOver) return
    this.#tap.sent(bytes)
    this.#endpoint.send(bytes)
  }

  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#endpoint.close()
    this.#tap.closed()
  }

  #opened(): void {
    if (this.#isOver) return
    this.#turns.begin()
    this.#listener.opened()
  }

  #received(bytes: Uint8Array): void {
    if (this.#isOver) return
    this.#turns.begin()
    this.#tap.received(bytes)
    this.#listener.received(bytes)
  }

  #closed(cause: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#turns.begin()
    this.#tap.closed()
    this.#listener.closed(new Error(cause))
  }
}
