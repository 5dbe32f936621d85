/**
 * A member of an ensemble that outlives a full disk: it leaves the ensemble when its log can't be written for want of room, and
 * comes back when there is some. The others go on meanwhile, and clients move to them.
 *
 * Compatibility: an Apache server stops for good, and somebody has to start it again.
 */
import { statfs } from 'node:fs/promises'
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
  #server: EnsembleServer
  #isStopped = false
  /** Ends the wait for room early. */
  #wake: () => void = () => {}
  #reportFailure: (error: ServerError) => void = () => {}

  /** @throws ServerError; nothing is left running or locked then */
  static async start(options: EnsembleServerOptions): Promise<LastingMember> {
    return new LastingMember(options, await EnsembleServer.start(options))
  }

  private constructor(options: EnsembleServerOptions, server: EnsembleServer) {
    this.#options = options
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

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#wake()
    await this.#server.stop()
  }

  async #live(): Promise<void> {
    for (;;) {
      const error = await this.#server.failure
      if (!isDiskFull(error)) return this.#reportFailure(error)
      await this.#server.stop()
      this.#report(
        'error',
        'DISK_FULL',
        'this member has left the ensemble; make room on the disk, and it comes back by itself',
      )
      const failure = await this.#comeBack()
      if (this.#isStopped) return
      if (failure !== undefined) return this.#reportFailure(failure)
    }
  }

  /** @returns why it could not, unless the disk is full again */
  async #comeBack(): Promise<ServerError | undefined> {
    // It comes back to where its clients look for it.
    const { address: clientAddress, port: clientPort } = this.#server
    const config = { ...this.#options.config, clientAddress, clientPort }
    for (;;) {
      await this.#untilThereIsRoom()
      if (this.#isStopped) return undefined
      try {
        this.#server = await EnsembleServer.start({ ...this.#options, config })
        if (this.#isStopped) await this.#server.stop()
        else
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

  async #untilThereIsRoom(): Promise<void> {
    const { dataLogDir, preAllocBytes } = this.#options.config
    while (!this.#isStopped) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, lookIntervalMs)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      const { bavail, bsize } = await statfs(dataLogDir)
      if (bavail * bsize >= preAllocBytes + roomBytes) return
    }
  }

  #report(level: 'info' | 'error', code: string, message: string): void {
    this.#options.log.write({ level, code, message })
  }
}

function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOSPC' || code === 'EDQUOT' || isDiskFull(error.cause)
}
