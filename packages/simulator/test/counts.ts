import type { Checker } from '../src/checkers/checker.ts'
import type { Observation } from '../src/history/observation.ts'

/** A checker that finds nothing: it counts what is observed. */
export class Counts implements Checker {
  readonly name = 'counts'
  readonly #byType = new Map<string, number>()

  of(type: string): number {
    return this.#byType.get(type) ?? 0
  }

  observe({ type }: Observation): undefined {
    this.#byType.set(type, this.of(type) + 1)
    return undefined
  }
}
