/** A server and its clients without sockets, and on a clock that the test moves. */
import { nodeWorld } from '@quorate/client'
import type { Transport, World } from '@quorate/client/core'
import type { LogSink } from '@quorate/server'
import { TestClients } from '../client/test-clients.ts'
import { MemoryMachine } from '../disk/memory-machine.ts'
import { type HostedServerParts, silence } from '../server/hosted-server.ts'
import { type Settings, serverConfig } from '../server/server-settings.ts'
import { TestServer } from '../server/test-server.ts'
import { PipedServer } from './piped-server.ts'
import { VirtualClock } from './virtual-clock.ts'

export interface StartInMemoryServerOptions {
  /** Lines of zoo.cfg; those of the client port mean nothing here. */
  readonly settings?: Settings
  /** What the server has to say. Default: nobody hears it. */
  readonly log?: LogSink
}

/**
 * Starts a ZooKeeper server that only the clients it hands out can reach, without a socket, and on a clock of its own: nothing expires,
 * pings or tries again until the test lets time pass.
 *
 *     await using server = await startInMemoryServer()
 *     const zk = await server.client({ timeout: 10_000 })
 *     server.isolate(zk)
 *     await server.advance(10_000)
 *
 * @throws ConfigError for settings that no server takes
 */
export async function startInMemoryServer(
  options: StartInMemoryServerOptions = {},
): Promise<InMemoryServer> {
  const server = new InMemoryServer(options)
  await server.start()
  return server
}

export class InMemoryServer extends TestServer {
  readonly #host: PipeHost

  /** One that does not run yet. */
  constructor(options: StartInMemoryServerOptions) {
    const host = new PipeHost(options)
    super(host.world, host.parts)
    this.#host = host
  }

  /** Milliseconds that have passed since the start. */
  get nowMs(): number {
    return this.#host.clock.nowMs()
  }

  /**
   * Lets time pass, for the server and its clients. All that is due by then has happened when this resolves, in the order of its time:
   * sessions have expired, clients have pinged, and tried to connect again.
   * @throws RangeError: time goes forward
   */
  advance(durationMs: number): Promise<void> {
    return this.#host.clock.advance(durationMs)
  }

  /** The server stands still, as a process that is stopped does: it answers nobody, and time does nothing to it. */
  pause(): void {
    this.#host.server?.pause()
  }

  /** It goes on with all that has come meanwhile. */
  resume(): void {
    this.#host.server?.resume()
  }

  /** Lets the server go on if it is paused, and closes the clients, then the server. */
  override async close(): Promise<void> {
    this.resume()
    await super.close()
  }
}

/** What an in-memory server runs on, and the one that runs. */
class PipeHost {
  readonly clock = new VirtualClock()
  readonly world: World
  readonly parts: HostedServerParts
  server: PipedServer | undefined

  constructor({ settings = {}, log = silence }: StartInMemoryServerOptions) {
    const { clock } = this
    this.world = { ...nodeWorld, clock, transport: this.#transport() }
    const machine = new MemoryMachine({ clock })
    const config = serverConfig(0, settings)
    this.parts = {
      clients: new TestClients(this.world),
      machine,
      start: async () => (this.server = await PipedServer.start({ config, machine, clock, log })),
      port: 0,
    }
  }

  #transport(): Transport {
    return {
      dial: (_address, listener) => {
        const { server } = this
        if (server?.mode !== undefined) return server.dial(listener)
        this.clock.afterTurn(() => listener.closed(new Error('the server does not run')))
        return { send() {}, close() {} }
      },
    }
  }
}
