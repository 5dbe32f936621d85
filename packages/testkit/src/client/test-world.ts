/**
 * The world of one client under test: the one of its server, but for faults between the two, and a client that may stand still.
 *
 * 1. While it stands still nothing enters the client: no bytes, no alarm, no end of a turn. All of it enters in its order afterwards,
 *    as in a process that was stopped, and time has gone on meanwhile.
 */
import type { Clock, Link, LinkListener, Transport, World } from '@quorate/client/core'
import { CuttableTransport } from './cuttable-transport.ts'

export class TestWorld implements World {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: World['random']
  readonly platform: World['platform']
  readonly network: CuttableTransport
  #held: (() => void)[] | undefined

  constructor({ transport, clock, random, platform }: World) {
    this.network = new CuttableTransport(transport)
    this.transport = { dial: (address, listener) => this.#dial(address, listener) }
    this.random = random
    this.platform = platform
    this.clock = {
      nowMs: () => clock.nowMs(),
      wakeAfter: (delayMs, wake) => {
        let isCancelled = false
        const alarm = clock.wakeAfter(delayMs, () =>
          this.#enter(() => {
            if (!isCancelled) wake()
          }),
        )
        return {
          cancel() {
            isCancelled = true
            alarm.cancel()
          },
        }
      },
      afterTurn: (run) => clock.afterTurn(() => this.#enter(run)),
    }
  }

  pause(): void {
    this.#held ??= []
  }

  resume(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const event of held) this.#enter(event)
  }

  #dial(address: Parameters<Transport['dial']>[0], listener: LinkListener): Link {
    let isClosed = false
    const enter = (event: () => void): void =>
      this.#enter(() => {
        if (!isClosed) event()
      })
    const link = this.network.dial(address, {
      opened: () => enter(() => listener.opened()),
      received: (bytes) => enter(() => listener.received(bytes)),
      closed: (cause) => enter(() => listener.closed(cause)),
    })
    return {
      send: (bytes) => link.send(bytes),
      close() {
        isClosed = true
        link.close()
      },
    }
  }

  #enter(event: () => void): void {
    if (this.#held === undefined) event()
    else this.#held.push(event)
  }
}
