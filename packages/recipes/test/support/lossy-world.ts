/** Node's world with a transport that breaks at a chosen moment of a conversation. */
import { type Link, type LinkListener, nodeWorld, type World } from '@quorate/client'

export class LossyWorld implements World {
  readonly clock = nodeWorld.clock
  readonly random = nodeWorld.random
  readonly platform = nodeWorld.platform
  readonly transport = {
    dial: (address: Parameters<World['transport']['dial']>[0], listener: LinkListener): Link => {
      const link = nodeWorld.transport.dial(address, {
        opened: () => listener.opened(),
        received: (bytes) => {
          if (this.#isSilent) return
          if (this.#loses !== 'answer') this.#hand(() => listener.received(bytes))
          else this.#break(link, listener)
        },
        closed: (cause) => listener.closed(cause),
      })
      return {
        send: (bytes) => {
          if (this.#isSilent) return
          if (this.#loses !== 'request') link.send(bytes)
          else this.#break(link, listener)
        },
        close: () => link.close(),
      }
    },
  }
  #loses: 'request' | 'answer' | undefined
  #isSilent = false
  #kept: (() => void)[] | undefined

  /** The next bytes to the server do not arrive, and the connection breaks. */
  loseNextRequest(): void {
    this.#loses = 'request'
  }

  /** The next bytes from the server do not arrive, and the connection breaks. */
  loseNextAnswer(): void {
    this.#loses = 'answer'
  }

  /** From now on nothing arrives on either side, as in a partition. */
  fallSilent(): void {
    this.#isSilent = true
  }

  /** Connections that are made from now on are heard again. */
  speak(): void {
    this.#isSilent = false
  }

  /** What the servers say waits, as for a process that is paused; what it has to say itself goes out. */
  pause(): void {
    this.#kept ??= []
  }

  resume(): void {
    const kept = this.#kept ?? []
    this.#kept = undefined
    for (const job of kept) job()
  }

  #hand(job: () => void): void {
    if (this.#kept === undefined) job()
    else this.#kept.push(job)
  }

  #break(link: Link, listener: LinkListener): void {
    this.#loses = undefined
    link.close()
    setImmediate(() => listener.closed(new Error('broken by the test')))
  }
}
