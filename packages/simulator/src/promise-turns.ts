/**
 * Promises in a simulation. What runs is synchronous but for the client library, whose callers go on behind promises. Their
 * continuations belong to the event that settled the promise:
 *
 * 1. Who calls code that settles promises says so ({@link PromiseTurns.begin}); the run then waits, before its next event, until no
 *    continuation is left to run.
 * 2. Continuations run in the order in which they became due, and nothing else runs between them: a run stays repeatable.
 * 3. What one of them throws ends the run, as what an event throws does.
 */

/** A continuation may make others due: the longest chain in the client library is far shorter. Its checker notices what comes late. */
const hopsPerTurn = 24

export class PromiseTurns {
  #isDue = false
  #failure: { readonly error: unknown } | undefined

  /** Whether continuations are to run before the next event. */
  get isDue(): boolean {
    return this.#isDue
  }

  /** Promises may be settled within this event. */
  begin(): void {
    this.#isDue = true
  }

  /** `job` as a continuation: the run is told what it throws. */
  guarded<A extends readonly unknown[]>(job: (...args: A) => void): (...args: A) => void {
    return (...args) => {
      try {
        job(...args)
      } catch (error) {
        this.#failure ??= { error }
      }
    }
  }

  /** Behind the continuations. */
  end(): void {
    this.#isDue = false
    if (this.#failure !== undefined) throw this.#failure.error
  }
}

/** Lets all continuations run that are due, and those that they make due. */
export async function runContinuations(): Promise<void> {
  for (let hop = 0; hop < hopsPerTurn; hop++) await Promise.resolve()
}
