/**
 * How far zeros are written ahead of the records.
 *
 * A sync of a file that grew, or whose blocks were never written, makes the file system journal the new size or the new
 * extent; a sync of blocks that hold zeros already does not, and takes half the time. So the log writes zeros ahead, in steps
 * that double with the file: a small log stays small, a busy one seldom has to wait.
 *
 * Compatibility: Apache extends a log sparsely by `preAllocSize` (64 MiB) at once; readers of either see zeros behind the last
 * record.
 */
export interface PreallocationOptions {
  /** The most that one step adds; Apache's `preAllocSize`. 0 or less: nothing is written ahead. */
  readonly preallocateBytes: number
}

export const preallocationStepMin: number = 64 * 1_024
/** A larger step would make the sync that follows it visibly longer. */
export const preallocationStepMax: number = 1_048_576

export class Preallocation {
  readonly #stepMax: number

  constructor(options: PreallocationOptions) {
    this.#stepMax = Math.min(options.preallocateBytes, preallocationStepMax)
  }

  /** Bytes of zeros to add to a file of `size` bytes whose records end at `position`; 0 when there are enough. */
  nextStep(position: number, size: number): number {
    if (this.#stepMax <= 0) return 0
    const step = Math.min(Math.max(position, preallocationStepMin), this.#stepMax)
    return size - position < step / 2 ? step : 0
  }
}
