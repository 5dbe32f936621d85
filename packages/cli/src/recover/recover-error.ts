/** Why a recovery cannot be planned or carried out. The message says what to do. */
export type RecoverErrorCode =
  /** A file or directory that was named is no survivor of an ensemble: it cannot be read, or its configuration is refused. */
  | 'RECOVER_SURVIVOR_UNREADABLE'
  /** A server runs in a data directory; stop it first. */
  | 'RECOVER_SERVER_RUNS'
  /** The survivors do not go together: one was named twice, or is in no membership. */
  | 'RECOVER_CONTRADICTION'
  /** Nobody says who belongs to the ensemble; name the zoo.cfg of a survivor. */
  | 'RECOVER_MEMBERSHIP_UNKNOWN'
  /** What a survivor has cannot be recovered as it is; leave it out, or mend its files. */
  | 'RECOVER_HISTORY_DAMAGED'
  /** A server that counts as lost answers on one of its ports; stop it, or name it as a survivor. */
  | 'RECOVER_LOST_SERVER_ANSWERS'
  /** The epochs are used up. */
  | 'RECOVER_EPOCH_LIMIT'
  /** A file could not be written; the disk says why. The same command again goes on. */
  | 'RECOVER_WRITE_FAILED'

export class RecoverError extends Error {
  override readonly name = 'RecoverError'
  readonly code: RecoverErrorCode

  constructor(code: RecoverErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options)
    this.code = code
  }
}
