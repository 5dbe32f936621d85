export type JuteErrorCode =
  /** The record ends before the field does. */
  | 'JUTE_TRUNCATED'
  /** A string or buffer length is negative (but not −1) or above the limit. */
  | 'JUTE_LENGTH'
  /** A 64-bit number that must be a safe integer is not (for a zxid: an epoch of 2^21 or more). */
  | 'JUTE_LONG_RANGE'
  /** A field that may not be null is null. */
  | 'JUTE_NULL'
  /** A discriminator (a txn type, the op of a multi) is none that is known. */
  | 'JUTE_UNKNOWN_TYPE'

/** Bytes that are not the record they should be. The message names the field's offset, what was found and what is allowed. */
export class JuteError extends Error {
  override readonly name = 'JuteError'
  readonly code: JuteErrorCode
  constructor(code: JuteErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
