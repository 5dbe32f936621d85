/**
 * A server that outlives a full disk: when its log can't be written for want of room it goes on without its disk, and begins anew on
 * it when there is some. A member of an ensemble observes meanwhile; a server alone serves reads.
 *
 * 1. The directories stay locked all the time: there is no room for another lock.
 * 2. What can't go on without the disk either waits for room, and serves nobody meanwhile.
 *
 * Compatibility: an Apache server stops for good, and somebody has to start it again.
 */
import type { ServerConfig } from './config/server-config.ts'
import type { Releasable } from './data-lock.ts'
import type { ServerMode } from './four-letter-words/inspected-server.ts'
import { type Machine, thisMachine } from './machine.ts'
import type { RunningServer } from './running-server.ts'
import type { ServerError } from './server-error.ts'
import type { LogSink } from './server-log.ts'

export interface LastingServerOptions {
  readonly config: ServerConfig
  readonly log: LogSink
  /** Default: this one. */
  readonly machine?: Machine
  /**
   * Starts it, in directories that are locked; with `isDiskless` the disk is only read.
   * @throws ServerError; nothing is left running then
   */
  readonly begin: (how: {
    readonly config: ServerConfig
    readonly isDiskless: boolean
  }) => Promise<RunningServer>
  /** What its log says besides. */
  readonly texts: { readonly diskFull: string; readonly diskHasRoom: string }
}

/** Between two looks at the room there is, ms. */
const lookIntervalMs = 1_000
/** Beyond what the log takes at once. */
const roomBytes = 4 * 1_048_576

export class LastingServer implements RunningServer {
  readonly failure: Promise<ServerError>
  readonly #options: LastingServerOptions
  readonly #lock: Releasable
  #server: RunningServer
  #isStopped = false
  /** Settled when no server is being started any more. */
  #beginning: Promise<unknown> = Promise.resolve()
  /** Ends the wait for room early. */
  #wake: () => void = () => {}
  #reportFailure: (error: ServerError) => void = () => {}

  /** @throws ServerError; nothing is left running or locked then */
  static async start(options: LastingServerOptions): Promise<LastingServer> {
    const { config, begin } = options
    const lock = machineOf(options).lock(config)
    try {
      return new LastingServer(options, lock, await begin({ config, isDiskless: false }))
    } catch (error) {
      lock.release()
      throw error
    }
  }

  private constructor(options: LastingServerOptions, lock: Releasable, server: RunningServer) {
    this.#options = options
    this.#lock = lock
    this.#server = server
    this.failure = new Promise((resolve) => (this.#reportFailure = resolve))
    void this.#live()
  }

  get address(): string {
    return this.#server.address
  }

  get port(): number {
    return this.#server.port
  }

  get mode(): ServerMode | undefined {
    return this.#server.mode
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#wake()
    await this.#beginning
    await this.#server.stop()
    this.#lock.release()
  }

  async halt(): Promise<void> {
    this.#isStopped = true
    void this.#server.halt()
    await this.stop()
  }

  async #live(): Promise<void> {
    let error = await this.#server.failure
    while (isDiskFull(error)) {
      const failure = await this.#outlastFullDisk()
      if (this.#isStopped) return
      error = failure ?? (await this.#server.failure)
    }
    await this.#server.stop()
    this.#lock.release()
    this.#reportFailure(error)
  }

  /** @returns why it could not come back, unless the disk is full again */
  async #outlastFullDisk(): Promise<ServerError | undefined> {
    const { texts } = this.#options
    this.#report('error', 'DISK_FULL', texts.diskFull)
    // Clients look for it where it was.
    const { address: clientAddress, port: clientPort } = this.#server
    const config = { ...this.#options.config, clientAddress, clientPort }
    for (;;) {
      await this.#server.stop()
      await this.#goOnWithoutDisk(config)
      await this.#untilThereIsRoom()
      await this.#server.stop()
      if (this.#isStopped) return undefined
      try {
        await this.#begin({ config, isDiskless: false })
        this.#report('info', 'DISK_HAS_ROOM', texts.diskHasRoom)
        return undefined
      } catch (error) {
        if (!isDiskFull(error)) return error as ServerError
      }
    }
  }

  async #goOnWithoutDisk(config: ServerConfig): Promise<void> {
    try {
      await this.#begin({ config, isDiskless: true })
    } catch (error) {
      const { message } = error as Error
      this.#report(
        'error',
        'DISKLESS_FAILED',
        `the server can't go on without its disk, and waits for room: ${message}`,
      )
    }
  }

  async #begin(how: Parameters<LastingServerOptions['begin']>[0]): Promise<void> {
    if (this.#isStopped) return
    const beginning = this.#options.begin(how)
    this.#beginning = beginning.catch(() => {})
    this.#server = await beginning
    if (this.#isStopped) await this.#server.stop()
  }

  async #untilThereIsRoom(): Promise<void> {
    const { dataDir, dataLogDir, preAllocBytes } = this.#options.config
    const machine = machineOf(this.#options)
    while (!this.#isStopped) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, lookIntervalMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      const hasRoom =
        (await machine.freeBytes(dataLogDir)) >= preAllocBytes + roomBytes &&
        (await machine.freeBytes(dataDir)) >= roomBytes
      if (hasRoom) return
    }
  }

  #report(level: 'info' | 'error', code: string, message: string): void {
    this.#options.log.write({ level, code, message })
  }
}

function machineOf({ machine = thisMachine }: LastingServerOptions): Machine {
  return machine
}

function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT' || isDiskFull(error.cause)
}
