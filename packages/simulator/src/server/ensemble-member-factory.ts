/** How the members of simulated ensembles are configured. */
import { zabDefaults } from '@quorate/consensus'
import { purePlatform } from '@quorate/protocol'
import {
  EnsembleMember,
  type EnsembleMemberOptions,
  type MemberDriver,
  replicaDefaults,
} from '@quorate/replica'
import { superDigest } from '../client/super-user.ts'
import type { EnsembleSettings } from './ensemble-settings.ts'
import type { Member } from './simulated-member-driver.ts'

/** Ticks are short, so that elections and timeouts are many in little time. */
export const memberTiming: { readonly tickTimeMs: number; readonly initLimit: number } = {
  tickTimeMs: 200,
  initLimit: 10,
}

export function memberOptions(
  serverId: number,
  settings: EnsembleSettings,
  parts: {
    readonly random: () => number
    readonly digestMismatched: (zxid: number) => void
  },
): EnsembleMemberOptions {
  return {
    replica: {
      ...replicaDefaults,
      serverId,
      tickTimeMs: memberTiming.tickTimeMs,
      minSessionTimeoutMs: 400,
      maxSessionTimeoutMs: 10_000,
      snapCount: settings.snapCount,
      reconfigEnabled: true,
      superDigest,
      enforceQuota: true,
      localSessionsEnabled: settings.localSessions !== 'none',
      localSessionsUpgradingEnabled: settings.localSessions === 'upgraded',
      containerCheckIntervalMs: settings.containerCheckIntervalMs,
      random: parts.random,
    },
    zab: {
      ...zabDefaults,
      serverId,
      tickTimeMs: memberTiming.tickTimeMs,
      initLimit: memberTiming.initLimit,
      commitLogCount: settings.commitLogCount,
      snapshotSizeFactor: settings.snapshotSizeFactor,
      forceSnapshotSync: settings.forceSnapshotSync,
      zxidCounterMax: settings.zxidCounterMax,
      leaderDiskLagMs: settings.leaderDiskLagMs,
      hasObserverMasters: settings.hasObserverMasters,
      reconfigEnabled: true,
      standaloneEnabled: false,
      minNotificationIntervalMs: 100,
      maxNotificationIntervalMs: 2_000,
      finalizeWaitMs: 50,
    },
    electionHandshakeTimeoutMs: 500,
    saysAllAddresses: false,
    isReadOnlyModeEnabled: settings.isReadOnlyModeEnabled,
    history: {
      treeOptions: {
        platform: purePlatform,
        extendedTypesEnabled: true,
        digestMismatched: ({ zxid }) => parts.digestMismatched(zxid),
      },
      logOptions: { preallocateBytes: 8_192, fileSizeMax: 65_536 },
    },
  }
}

/** The real one; tests plant wrong ones. */
export function createEnsembleMember(driver: MemberDriver, options: EnsembleMemberOptions): Member {
  return new EnsembleMember(options, driver)
}
