/**
 * A server in the process of a test, which can be ended and started again, alone or as a member of an ensemble.
 *
 * 1. Its address and its disk are its own from the first start to the end, whatever happens to it in between.
 * 2. At most one server runs on them.
 */
import {
  type LogLine,
  type LogSink,
  type RunningServer,
  ServerError,
  type ServerMode,
} from '@quorate/server'
import type { CodecChoice, ZooKeeper, ZooKeeperOptions } from '@quorate/client/core'
import type { TestClients } from '../client/test-clients.ts'
import type { MemoryMachine } from '../disk/memory-machine.ts'
import { loopback } from './server-settings.ts'

export interface HostedServerParts {
  readonly clients: TestClients
  readonly machine: MemoryMachine
  /**
   * @param port 0: any free one
   * @throws ServerError
   */
  readonly start: (port: number) => Promise<RunningServer>
  /** 0: any free one. */
  readonly port: number
}

/** While somebody else has the port. */
const bindRetryMs = 20
const bindAttemptsMax = 100

export class HostedServer {
  readonly #parts: HostedServerParts
  #server: RunningServer | undefined
  #hasServed = false
  #address: { readonly host: string; readonly port: number }
  /** Starts and ends follow each other. */
  #turn: Promise<unknown> = Promise.resolve()

  protected constructor(parts: HostedServerParts) {
    this.#parts = parts
    this.#address = { host: loopback, port: parts.port }
  }

  /** Where clients connect: `127.0.0.1:40001`. */
  get connectString(): string {
    return `${this.#address.host}:${this.#address.port}`
  }

  get port(): number {
    return this.#address.port
  }

  get isRunning(): boolean {
    return this.#server !== undefined
  }

  /** What it serves clients as; undefined while it does not. */
  get mode(): ServerMode | undefined {
    return this.#server?.mode
  }

  /** A connected client of this server, which is closed with it if not before. Takes the options of `new ZooKeeper`. */
  client<C extends CodecChoice = 'utf8'>(options: ZooKeeperOptions<C> = {}): Promise<ZooKeeper<C>> {
    return this.#parts.clients.connect(this.connectString, options)
  }

  /** Stops it in order, if it runs: what is under way is finished. Its clients stay, and look for it. */
  stop(): Promise<void> {
    return this.#inTurn(() => this.#stop())
  }

  /**
   * Ends it as a power failure does: its connections break, what was not synced to its disk is lost, and nothing that was under way
   * is answered.
   */
  kill(): Promise<void> {
    return this.#inTurn(async () => {
      const server = this.#server
      this.#server = undefined
      this.#parts.machine.crash()
      await server?.halt()
    })
  }

  /**
   * Starts it, if it does not run: at its address, and from what its disk has kept.
   * @throws ServerError
   */
  start(): Promise<void> {
    return this.#inTurn(() => this.#start())
  }

  /** Starts it again at its address and from its disk; stops it first if it runs. */
  restart(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#stop()
      await this.#start()
    })
  }

  /** From now on every sync of the disk takes this long, and with it every write. 0: as fast as it can. */
  slowDisk(syncMs: number): void {
    this.#parts.machine.faults.slowMs = syncMs
  }

  /**
   * From now on writes and syncs of the disk fail. The server stops by the next write, as it can't keep what it is told. But with a
   * full disk (ENOSPC) it goes on: alone it serves reads and refuses writes, as a member of an ensemble it observes.
   * @param code what the system says
   */
  failDisk(code: 'EIO' | 'ENOSPC' | 'EROFS' = 'EIO'): void {
    this.#parts.machine.faults.failure = code
  }

  /** Ends what {@link slowDisk} and {@link failDisk} began. */
  mendDisk(): void {
    this.#parts.machine.mend()
  }

  async #stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    await server?.stop()
  }

  async #start(): Promise<void> {
    if (this.#server !== undefined) return
    // The first time the port is as good as any other; later it is the one that clients know.
    const attempts = this.#hasServed ? bindAttemptsMax : 1
    for (let attempt = 1; ; attempt++) {
      try {
        this.#serve(await this.#parts.start(this.port))
        return
      } catch (error) {
        if (attempt === attempts || !isPortTaken(error)) throw error
        await new Promise((resolve) => setTimeout(resolve, bindRetryMs))
      }
    }
  }

  #serve(server: RunningServer): void {
    this.#server = server
    this.#hasServed = true
    this.#address = { host: server.address, port: server.port }
    void this.#noteFailure(server)
  }

  async #noteFailure(server: RunningServer): Promise<void> {
    await server.failure
    if (this.#server === server) this.#server = undefined
  }

  #inTurn(step: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(step)
    this.#turn = done.catch(() => {})
    return done
  }
}

export function isPortTaken(error: unknown): boolean {
  if (!(error instanceof ServerError)) return false
  return (error.cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE'
}

export const silence: LogSink = { write(_line: LogLine) {} }
