/** The public face of the server room. */
export type { ConfigArea, ConfigKey, ValueKind } from './config/config-key.ts'
export { configKeys } from './config/config-keys.ts'
export { ConfigError, type ConfigErrorCode, type ConfigNotice } from './config/config-problem.ts'
export type { EnsembleConfig } from './config/ensemble-config.ts'
export { describeKind } from './config/config-value.ts'
export {
  type ConfigSources,
  type ResolvedConfig,
  resolveConfig,
  type ServerConfig,
} from './config/server-config.ts'
export { parseMyId } from './config/my-id.ts'
// What a membership store keeps, for those who look into its files.
export {
  type Member,
  type Membership,
  membershipInNode,
  membershipOf,
  type MembershipStore,
  parseMembership,
} from '@quorate/consensus'
export {
  type ConfigurationDisk,
  nodeConfigurationDisk,
} from './membership-store/configuration-disk.ts'
export { dynamicFilePath, formatDynamicFile } from './membership-store/dynamic-file.ts'
export { FileMembershipStore } from './membership-store/file-membership-store.ts'
export type { MembershipFiles } from './membership-store/membership-files.ts'
export { DataLock, lockDirectories, type Releasable } from './data-lock.ts'
export type { Machine } from './machine.ts'
export type { ServerMode } from './four-letter-words/inspected-server.ts'
export { makeDurableDirectory, syncDirectory } from './durable-directory.ts'
export { ExitCode } from './exit-code.ts'
export { nativeDecompressor } from './native-gzip.ts'
export { nativePlatform } from './native-platform.ts'
export { NodeDisk, type NodeDiskOptions, type SyncMode } from './node-disk.ts'
export type { RunningServer } from './running-server.ts'
export { startServer } from './start-server.ts'
export { type RecoveredTree, recoverTree } from './recovered-tree.ts'
export { replicaOptionsOf } from './server-options.ts'
export { ServerError, type ServerErrorCode } from './server-error.ts'
export { Server, type ServerOptions } from './server.ts'
export { type LogLine, type LogLevel, type LogSink, ServerLog } from './server-log.ts'
export { packageVersion } from './server-version.ts'
