/** The public face of the testkit. */
export type {
  EngineEnsemble,
  EngineHost,
  EngineUnderTest,
  EnsemblePlan,
} from './consensus-compliance/engine-ensemble.ts'
export {
  type ComplianceCase,
  type ComplianceSuite,
  consensusCompliance,
} from './consensus-compliance/consensus-compliance.ts'
export { ComplianceViolation } from './consensus-compliance/agreement.ts'
