/** What the configuration means for the replica and for the client port. */
import { replicaDefaults, type ReplicaOptions } from '@quorate/replica'
import type { ClientPortOptions } from './client-port/client-port.ts'
import type { ServerConfig } from './config/server-config.ts'
import { nativePlatform } from './native-platform.ts'

/** Of a server alone; a member of an ensemble adds its own. */
export function replicaOptionsOf(config: ServerConfig): ReplicaOptions {
  return {
    ...replicaDefaults,
    tickTimeMs: config.tickTimeMs,
    minSessionTimeoutMs: config.minSessionTimeoutMs,
    maxSessionTimeoutMs: config.maxSessionTimeoutMs,
    juteMaxBuffer: config.juteMaxBuffer,
    globalOutstandingLimit: config.globalOutstandingLimit,
    requestThrottleMaxRequests: config.requestThrottleMaxRequests,
    throttledOpWaitMs: config.throttledOpWaitMs,
    superDigest: config.superDigest,
    isDigestAuthEnabled: config.isDigestAuthEnabled,
    extendedTypesEnabled: config.extendedTypesEnabled,
    enforceQuota: config.enforceQuota,
    skipAcl: config.skipAcl,
    reconfigEnabled: config.reconfigEnabled,
    enforceAuthSchemes: config.enforceAuthSchemes,
    digestEnabled: config.digestEnabled,
    snapCount: config.snapCount,
    snapSizeLimitBytes: config.snapSizeLimitBytes,
    containerCheckIntervalMs: config.containerCheckIntervalMs,
    containerMaxPerMinute: config.containerMaxPerMinute,
    containerMaxNeverUsedIntervalMs: config.containerMaxNeverUsedIntervalMs,
    platform: nativePlatform,
    random: Math.random,
  }
}

export function clientPortOptionsOf(config: ServerConfig): ClientPortOptions {
  return {
    address: config.clientAddress,
    port: config.clientPort,
    backlog: config.listenBacklog,
    maxByAddress: config.maxClientCnxns,
    maxTotal: config.maxCnxns,
    throttle: config.connectionThrottle,
    keepsAlive: config.clientTcpKeepAlive,
    sessionlessTimeoutMs: config.sessionlessTimeoutMs,
    juteMaxBuffer: config.juteMaxBuffer,
  }
}
