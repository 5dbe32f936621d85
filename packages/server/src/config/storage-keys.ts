/** The keys of the transaction log, of snapshots, and of what is kept of them. */
import {
  choice,
  type ConfigKey,
  decimal,
  inertReason,
  integer,
  keysOf,
  milliseconds,
  onOff,
  optionalInteger,
} from './config-key.ts'

const int32Max = 2_147_483_647
const hourMs = 3_600_000

export const storageKeys: readonly ConfigKey[] = keysOf('storage', [
  {
    name: 'snapCount',
    kind: integer(2),
    default: '100000',
    doc: 'Transactions between two snapshots; the real number is drawn between half of it and all of it.',
  },
  {
    name: 'snapSizeLimitInKb',
    kind: integer(-int32Max, int32Max, 'KiB'),
    default: '4194304',
    doc: 'Log bytes between two snapshots, drawn likewise. 0 or less: no snapshot for size.',
  },
  {
    name: 'preAllocSize',
    kind: integer(0, 4_194_304, 'KiB'),
    default: '65536',
    doc: 'By how much a log file grows at a time, ahead of what is written.',
  },
  {
    name: 'txnLogSizeLimitInKb',
    kind: integer(-1, int32Max, 'KiB'),
    default: '-1',
    doc: 'Size from which on a new log file is begun. -1: only with a snapshot.',
  },
  {
    name: 'forceSync',
    kind: onOff,
    default: 'yes',
    doc: 'Whether a write is on the disk before it is acknowledged. no loses acknowledged writes when the machine fails.',
  },
  {
    name: 'fsync.warningthresholdms',
    kind: milliseconds(0),
    default: '1000',
    doc: 'Syncs of the log that take longer are logged.',
  },
  // Compatibility: old snapshots and logs are purged by default (every hour, three snapshots kept); Apache ZooKeeper keeps
  // them until the disk is full unless autopurge.purgeInterval is set. 0 brings that back.
  {
    name: 'autopurge.purgeInterval',
    kind: { type: 'interval', bareUnitMs: hourMs },
    default: '1',
    property: 'none',
    doc: 'Time between two purges of old snapshots and logs; a bare number counts hours. 0: no purge.',
  },
  {
    name: 'autopurge.snapRetainCount',
    kind: integer(-int32Max),
    default: '3',
    property: 'none',
    doc: 'Snapshots that a purge keeps, with the logs they need. Less than 3 counts as 3.',
  },
  {
    name: 'snapshot.compression.method',
    kind: choice('', 'gz'),
    default: '',
    doc: 'How snapshots are compressed: not at all, or with gzip. Snapshots compressed with snappy are read, not written.',
  },
  {
    name: 'snapshot.trust.empty',
    kind: onOff,
    default: 'false',
    doc: 'Whether to start from logs without any snapshot.',
  },
  {
    name: 'digest.enabled',
    kind: onOff,
    default: 'true',
    doc: 'Whether a digest of the tree goes into snapshots and transactions and is checked at recovery.',
  },
  {
    name: 'closeSessionTxn.enabled',
    kind: onOff,
    default: 'true',
    doc: 'Whether the transaction that ends a session lists its ephemerals.',
    inert: 'it always does',
    whenInert: 'note',
  },
  {
    name: 'serializeLastProcessedZxid.enabled',
    kind: onOff,
    default: 'true',
    doc: 'Whether snapshots end with their exact zxid.',
  },
  {
    name: 'datadir.autocreate',
    kind: onOff,
    default: 'true',
    doc: 'Whether missing data directories are made.',
  },
  {
    name: 'db.autocreate',
    kind: onOff,
    default: 'true',
    doc: 'Whether an ensemble member with an empty data directory may vote.',
    isOfEnsembles: true,
    inert: 'it always may',
    whenInert: 'refuse',
  },
  {
    name: 'forceSnapshotSync',
    kind: onOff,
    default: 'false',
    doc: 'Whether learners always start from a whole snapshot.',
    isOfEnsembles: true,
  },
  {
    name: 'commitLogCount',
    kind: integer(-int32Max),
    default: '500',
    doc: 'Committed proposals kept in memory for learners. Less than 500 counts as 500.',
    isOfEnsembles: true,
  },
  {
    name: 'snapshotSizeFactor',
    kind: decimal(-1, 1_000),
    default: '0.33',
    doc: 'Log bytes, as a share of the snapshot, up to which a learner is synchronised from the log.',
    isOfEnsembles: true,
  },
  {
    name: 'flushDelay',
    kind: milliseconds(0),
    default: '0',
    doc: 'How long a sync waits for more writes.',
    inert: 'writes share syncs without waiting',
    whenInert: 'note',
  },
  {
    name: 'maxWriteQueuePollTime',
    kind: optionalInteger('ms'),
    default: '-1',
    doc: 'How long the log thread waits for requests.',
    inert: inertReason.threads,
    whenInert: 'note',
  },
  {
    name: 'maxBatchSize',
    kind: integer(0),
    default: '1000',
    doc: 'Writes that share a sync at most.',
    inert: 'all that is there shares the next sync; its size is bounded by globalOutstandingLimit',
    whenInert: 'note',
  },
])
