/** What goes wrong in a recipe beyond what a server or the client says. Match on `code`. */

export type RecipeErrorCode =
  /** A cache has more nodes than it may hold. */
  | 'CacheTooLarge'
  /** Others changed the node again and again, and the attempts are used up. Nothing was changed. */
  | 'Contended'
  /** An item of a queue does not fit the codec. It has been taken; the error has its bytes. */
  | 'InvalidItem'
  /** An item of a queue is gone, and nobody can say whether it was taken here. The error has its bytes. */
  | 'ItemInDoubt'
  /** A lock, a lease or a leadership is no longer held, or nobody knows: stop what it protects. */
  | 'LockLost'
  /** A service has no instance that may be used now. */
  | 'NoInstance'
  /** A configuration has no valid value, and no default. */
  | 'NoValue'
  /** A version of a configuration is not kept, or not any more. */
  | 'NoVersion'
  /** It was used after it was given back by `release()`. */
  | 'Released'

export interface RecipeErrorOptions {
  /** The node that it is about. */
  readonly path: string
  readonly message: string
  readonly cause?: unknown
}

export class RecipeError extends Error {
  override readonly name = 'RecipeError'
  readonly code: RecipeErrorCode
  readonly path: string

  constructor(code: RecipeErrorCode, { path, message, cause }: RecipeErrorOptions) {
    super(`${code}: ${message}`, cause === undefined ? {} : { cause })
    this.code = code
    this.path = path
  }
}

export function isLockLost(error: unknown): boolean {
  return error instanceof RecipeError && error.code === 'LockLost'
}
