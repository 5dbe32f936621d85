/** What watches over a run. A checker sees observations only, so that its own test can hand it a wrong history. */
import type { Observation } from '../history/observation.ts'

export interface Checker {
  /** Kebab-case; a failing run names it. */
  readonly name: string
  /** What it is called for; undefined: everything. Most of what is observed happens often, and concerns few checkers. */
  readonly reads?: readonly Observation['type'][] | undefined
  /**
   * @param atUs virtual time
   * @returns what is wrong, as a sentence; undefined when all is well
   */
  observe(observation: Observation, atUs: number): string | undefined
}

/** With these transactions may become committed: who follows the committed history reads them. */
export const committingTypes: readonly Observation['type'][] = [
  'applied',
  'recovered',
  'loaded',
  'termStarted',
]

export function isRead({ reads }: Checker, { type }: Observation): boolean {
  return reads === undefined || reads.includes(type)
}
