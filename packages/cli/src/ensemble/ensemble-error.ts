/** Why an ensemble on this machine cannot be started. The message says what to do. */
export type EnsembleErrorCode =
  /** The options contradict each other, or what the folder holds. */
  | 'ENSEMBLE_CONTRADICTION'
  /** Another `quorate ensemble` runs in the folder. */
  | 'ENSEMBLE_FOLDER_IN_USE'
  /** The folder cannot be made, read or written, or holds something else. */
  | 'ENSEMBLE_FOLDER_UNUSABLE'
  /** Somebody else listens on a port that must stay the same. */
  | 'ENSEMBLE_PORT_TAKEN'
  /** A server refuses its configuration. */
  | 'ENSEMBLE_MEMBER_REFUSED'

export class EnsembleError extends Error {
  override readonly name = 'EnsembleError'
  readonly code: EnsembleErrorCode

  constructor(
    code: EnsembleErrorCode,
    message: string,
    options: { readonly cause?: unknown } = {},
  ) {
    super(message, options)
    this.code = code
  }
}
