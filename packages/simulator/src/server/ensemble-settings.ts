/** How the servers of an ensemble are configured, all alike: drawn from the seed, so that every switch is in every position sometimes. */
import type { Prng } from '../prng.ts'

export interface EnsembleSettings {
  /** Committed transactions that a leader keeps in memory: what is older comes from its disk. */
  readonly commitLogCount: number
  /** Log on disk that is sent instead of a snapshot, as a part of the snapshot's size; negative: none, 0: all of it. */
  readonly snapshotSizeFactor: number
  readonly forceSnapshotSync: boolean
  /** The last counter of an epoch: behind it there is another leader, or another term of the same one. */
  readonly zxidCounterMax: number
  /** Whether a server that is cut off from its ensemble answers reads. */
  readonly isReadOnlyModeEnabled: boolean
  /** Whether new sessions are known to one server only, and what becomes of one that asks for an ephemeral node. */
  readonly localSessions: 'none' | 'refused-ephemerals' | 'upgraded'
  /** Whether votes have groups and weights. */
  readonly hasGroups: boolean
  /** Whether followers serve the observers in their leader's place. */
  readonly hasObserverMasters: boolean
  /** Transactions between two snapshots, at most. */
  readonly snapCount: number
  /** A snapshot is written in slices of so many bytes, */
  readonly snapshotSliceBytes: number
  /** and so long after each other, in virtual time. */
  readonly snapshotPauseUs: number
  /** Between two looks for containers and TTL nodes that are due. */
  readonly containerCheckIntervalMs: number
  /** A leader whose own log is so far behind hands over; 0: it never does. */
  readonly leaderDiskLagMs: number
}

const commitLogCounts = [5, 10, 20, 40, 500]
const snapshotSizeFactors = [-1, 0, 0, 0.33, 1, 4, 20]
/** With the smallest one a server takes a snapshot whenever it can, so also of what turns out not to be committed. */
const snapCounts = [5, 12, 40, 150, 300]
const snapshotSlicesBytes = [512, 2_048, 8_192]
const snapshotPausesUs = [300, 1_000, 5_000]
const containerCheckIntervalsMs = [100, 500]
const leaderDiskLagsMs = [0, 50, 150]

export function drawSettings(random: Prng): EnsembleSettings {
  return {
    commitLogCount: random.pick(commitLogCounts),
    snapshotSizeFactor: random.pick(snapshotSizeFactors),
    forceSnapshotSync: random.chance(0.1),
    zxidCounterMax: random.chance(0.1) ? random.between(150, 1_500) : 0xffff_fffe,
    isReadOnlyModeEnabled: random.chance(0.5),
    localSessions: random.pick([
      ...Array.from({ length: 8 }, () => 'none' as const),
      'refused-ephemerals',
      'upgraded',
      'upgraded',
    ]),
    hasGroups: random.chance(0.15),
    snapCount: random.pick(snapCounts),
    snapshotSliceBytes: random.pick(snapshotSlicesBytes),
    snapshotPauseUs: random.pick(snapshotPausesUs),
    containerCheckIntervalMs: random.pick(containerCheckIntervalsMs),
    leaderDiskLagMs: random.pick(leaderDiskLagsMs),
    hasObserverMasters: random.fork('observer masters').chance(0.4),
  }
}
