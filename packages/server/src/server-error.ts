import type { ExitCode } from './exit-code.ts'

export type ServerErrorCode =
  /** Another server holds the data directory. */
  | 'DATA_DIRECTORY_IN_USE'
  /** The data directory cannot be made, read or written. */
  | 'DATA_DIRECTORY_UNUSABLE'
  /** What is on the disk cannot be recovered from. */
  | 'RECOVERY_FAILED'
  /** The client port cannot be bound. */
  | 'CLIENT_PORT_UNAVAILABLE'
  /** An address for elections or for learners cannot be bound. */
  | 'PEER_PORT_UNAVAILABLE'
  /** The log could not be written or synced. */
  | 'LOG_WRITE_FAILED'

/** The server cannot start or go on. `code` is stable; `exitCode` is what the process should end with. */
export class ServerError extends Error {
  override readonly name = 'ServerError'
  readonly code: ServerErrorCode
  readonly exitCode: ExitCode

  constructor(
    code: ServerErrorCode,
    exitCode: ExitCode,
    message: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options)
    this.code = code
    this.exitCode = exitCode
  }
}
