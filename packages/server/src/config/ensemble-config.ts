/** What a server needs to know to be a member of an ensemble. */
import type { ZabOptions } from '@quorate/consensus'
import type { MembershipFiles } from '../membership-store/membership-files.ts'

export interface EnsembleConfig {
  /** From the file `myid` in the data directory. */
  readonly serverId: number
  readonly zab: Omit<ZabOptions, 'serverId' | 'tickTimeMs'>
  /** Whether the peer ports are bound to all addresses and not just to those of the server's line. */
  readonly listensOnAllIps: boolean
  /** Attempts to bind the election port; 0: for ever. */
  readonly electionPortBindRetry: number
  /** Connecting to a peer for an election may take so long. */
  readonly connectTimeoutMs: number
  /** TCP keep-alive on the election's connections. */
  readonly keepsAlive: boolean
  /** Whether clients may read while there is no leader. */
  readonly isReadOnlyModeEnabled: boolean
  readonly localSessionsEnabled: boolean
  readonly localSessionsUpgradingEnabled: boolean
  /** Whether a leader has clients of its own. */
  readonly leaderServes: boolean
  /** Whether an observer keeps a log. */
  readonly observerSyncEnabled: boolean
  /** Whether servers may have several addresses, which the election's greeting tells to peers. */
  readonly isMultiAddressEnabled: boolean
  readonly membershipFiles: MembershipFiles
}
