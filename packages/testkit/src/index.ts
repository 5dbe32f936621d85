/** The public face of the testkit. */
export { startServer, type StartServerOptions, type TestServer } from './server/test-server.ts'
export {
  startEnsemble,
  type StartEnsembleOptions,
  type TestEnsemble,
} from './ensemble/test-ensemble.ts'
export type { TestMember } from './ensemble/test-member.ts'
export {
  type InMemoryServer,
  startInMemoryServer,
  type StartInMemoryServerOptions,
} from './in-memory/in-memory-server.ts'
export type { Settings } from './server/server-settings.ts'
export type { Expirable } from './client/session-ender.ts'
export type { AnyZooKeeper, IsolateOptions } from './client/test-clients.ts'
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
