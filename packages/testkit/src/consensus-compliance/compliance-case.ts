import type { EngineUnderTest } from './engine-ensemble.ts'

/** One thing that an engine owes the replica. */
export interface CaseDefinition {
  /** A sentence that is true of an engine that complies. */
  readonly name: string
  /** The smallest ensemble that can show it. */
  readonly serverCount: number
  /** @throws ComplianceViolation or an AssertionError */
  run(engine: EngineUnderTest): void
}
