/**
 * A member of an ensemble that outlives a full disk: when its log can't be written for want of room it goes on without its disk,
 * as a member that observes, and begins anew on its disk when there is some.
 *
 * 1. The directories stay locked all the time: there is no room for another lock.
 * 2. What can't go on without the disk either waits for room, and serves nobody meanwhile.
 *
 * Compatibility: an Apache server stops for good, and somebody has to start it again.
 */
import type { Releasable } from '../data-lock.ts'
import type { ServerMode } from '../four-letter-words/inspected-server.ts'
import { type Machine, thisMachine } from '../machine.ts'
import type { RunningServer } from '../running-server.ts'
import type { ServerError } from '../server-error.ts'
import { EnsembleServer, type EnsembleServerOptions } from './ensemble-server.ts'

/** Between two looks at the room there is, ms. */
const lookIntervalMs = 1_000
/** Beyond what the log takes at once. */
const roomBytes = 4 * 1_048_576

export class LastingMember implements RunningServer {
  readonly failure: Promise<ServerError>
  readonly #options: EnsembleServerOptions
  readonly #lock: Releasable
  #server: EnsembleServer
  #isStopped = false
  /** Settled when no server is being started any more. */
  #beginning: Promise<unknown> = Promise.resolve()
  /** Ends the wait for room early. */
  #wake: () => void = () => {}
  #reportFailure: (error: ServerError) => void = () => {}

  /** @throws ServerError; nothing is left running or locked then */
  static async start(options: EnsembleServerOptions): Promise<LastingMember> {
    const lock = machineOf(options).lock(options.config)
    try {
      return new LastingMember(options, lock, await EnsembleServer.start(options))
    } catch (error) {
      lock.release()
      throw error
    }
  }

  private constructor(options: EnsembleServerOptions, lock: Releasable, server: EnsembleServer) {
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
    this.#report(
      'error',
      'DISK_FULL',
      'this member votes no more; make room on the disk, and it comes back by itself',
    )
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
        await this.#begin({ ...this.#options, config })
        this.#report(
          'info',
          'DISK_HAS_ROOM',
          'there is room on the disk again; this member looks for the others',
        )
        return undefined
      } catch (error) {
        if (!isDiskFull(error)) return error as ServerError
      }
    }
  }

  async #goOnWithoutDisk(config: EnsembleServerOptions['config']): Promise<void> {
    try {
      await this.#begin({ ...this.#options, config, isDiskless: true })
    } catch (error) {
      const { message } = error as Error
      this.#report(
        'error',
        'DISKLESS_FAILED',
        `this member can't serve without its disk, and waits for room: ${message}`,
      )
    }
  }

  async #begin(options: EnsembleServerOptions): Promise<void> {
    if (this.#isStopped) return
    const beginning = EnsembleServer.start(options)
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

function machineOf({ machine = thisMachine }: EnsembleServerOptions): Machine {
  return machine
}

function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT' || isDiskFull(error.cause)
}
