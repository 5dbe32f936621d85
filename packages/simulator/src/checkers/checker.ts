/** What watches over a run. A checker sees observations only, so that its own test can hand it a wrong history. */
import type { Observation } from '../history/observation.ts'

export interface Checker {
  /** Kebab-case; a failing run names it. */
  readonly name: string
  /**
   * @param atUs virtual time
   * @returns what is wrong, as a sentence; undefined when all is well
   */
  observe(observation: Observation, atUs: number): string | undefined
}
