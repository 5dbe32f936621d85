/**
 * The compliance suite of consensus engines: what packages/consensus/src/engine.ts promises, as cases that an engine passes or not.
 * The laws of {@link Agreement} and {@link ObservedServer} are watched in all of them.
 */
import type { CaseDefinition } from './compliance-case.ts'
import { confirmationCases } from './confirmation-cases.ts'
import { durabilityCases } from './durability-cases.ts'
import type { EngineUnderTest } from './engine-ensemble.ts'
import { learnerCases } from './learner-cases.ts'
import { livenessCases } from './liveness-cases.ts'
import { orderCases } from './order-cases.ts'
import { randomCases } from './random-cases.ts'
import { termCases } from './term-cases.ts'

export interface ComplianceCase {
  readonly name: string
  /** @throws an Error that says what the engine did */
  readonly run: () => void
}

export interface ComplianceSuite {
  readonly cases: readonly ComplianceCase[]
  /** What this engine can't be held to, and why. */
  readonly notApplicable: readonly { readonly name: string; readonly reason: string }[]
}

export interface ComplianceOptions {
  /** Random runs, one per seed. */
  readonly seeds?: { readonly first: number; readonly last: number }
}

const defaultSeeds = { first: 1, last: 20 }

export function consensusCompliance(
  engine: EngineUnderTest,
  { seeds = defaultSeeds }: ComplianceOptions = {},
): ComplianceSuite {
  const definitions: readonly CaseDefinition[] = [
    ...orderCases,
    ...durabilityCases,
    ...termCases,
    ...learnerCases,
    ...confirmationCases,
    ...livenessCases,
    ...randomCases(seeds),
  ]
  const applies = ({ serverCount }: CaseDefinition): boolean => serverCount <= engine.serverCountMax
  return {
    cases: definitions
      .filter(applies)
      .map((definition) => ({ name: definition.name, run: () => definition.run(engine) })),
    notApplicable: definitions
      .filter((definition) => !applies(definition))
      .map(({ name, serverCount }) => ({
        name,
        reason: `it takes ${serverCount} servers; ${engine.name} runs ${engine.serverCountMax} at most`,
      })),
  }
}
