/** What goes wrong with one item of a queue, with the item, so that it is not lost with its error. */
import { RecipeError, type RecipeErrorOptions } from '../foundation/recipe-error.ts'

export class QueueItemError extends RecipeError {
  /** What the item held. */
  readonly bytes: Uint8Array | null

  constructor(
    code: 'ItemInDoubt' | 'InvalidItem',
    { bytes, ...options }: RecipeErrorOptions & { readonly bytes: Uint8Array | null },
  ) {
    super(code, options)
    this.bytes = bytes
  }
}
