import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  findPurgeable,
  MemoryDisk,
  purge,
  recover,
  type Recovery,
  type RecoveryOptions,
  SnapshotWriter,
  truncateLog,
  TxnLog,
  writeSnapshot,
} from '@quorate/log'
import { createTxn, fixture, range, rethrow, writeLog } from './log-builder.ts'
import { RecordingTree } from './recording-tree.ts'

const data = '/log/version-2'

interface Outcome {
  readonly recovery: Recovery
  readonly replayed: number[]
  readonly tree: RecordingTree | undefined
}

test('an empty directory is a first start', () => {
  const { recovery } = recovered(new MemoryDisk())
  assert.deepEqual(recovery, {
    snapshotZxid: undefined,
    sections: undefined,
    lastZxid: 0,
    replayedCount: 0,
    replayedBytes: 0,
    reports: [],
  })
})

test('the newest snapshot is loaded and the log after it replayed', () => {
  const disk = new MemoryDisk()
  putSnapshots(disk, 0, 4)
  writeLog(disk, [[1, 2, 3]])
  writeLog(disk, [[4, 5, 6]])
  const { recovery, replayed, tree } = recovered(disk)
  assert.deepEqual(replayed, [5, 6])
  assert.equal(tree?.zxid, 4)
  assert.equal(recovery.snapshotZxid, 4)
  assert.equal(recovery.sections?.lastZxid, 4)
  assert.deepEqual([recovery.lastZxid, recovery.replayedCount], [6, 2])
  assert.equal(recovery.replayedBytes, createTxn(5).length + createTxn(6).length)
  assert.deepEqual(recovery.reports, [])
})

test('a record that a failed sync left in the cache is durable once it was recovered', () => {
  const disk = new MemoryDisk({ failsSync: (count) => count === 3 })
  putSnapshots(disk, 0)
  const log = new TxnLog(disk, data, { preallocateBytes: 0 })
  log.append(1, createTxn(1))
  log.sync(rethrow)
  log.append(2, createTxn(2))
  log.sync(() => {})
  assert.notEqual(log.failure, undefined)
  assert.deepEqual(recovered(disk).replayed, [1, 2])
  disk.crash()
  assert.deepEqual(recovered(disk).replayed, [1, 2])
})

test('a torn record at the end is cut off and reported', () => {
  const disk = new MemoryDisk()
  putSnapshots(disk, 0)
  writeLog(disk, [[1, 2, 3]])
  const bytes = disk.contents(`${data}/log.1`)
  disk.install(`${data}/log.1`, bytes.subarray(0, -1))
  const { recovery, replayed } = recovered(disk)
  assert.deepEqual(replayed, [1, 2])
  assert.deepEqual(
    recovery.reports.map(({ type }) => type),
    ['tailCut'],
  )
  disk.crash()
  assert.ok(disk.contents(`${data}/log.1`).length === recovery.reports[0].offset)
  writeLog(disk, [[3, 4]])
  assert.deepEqual(recovered(disk).replayed, [1, 2, 3, 4])
})

test('an older snapshot is taken when the log reaches from it to the damaged one', () => {
  const disk = new MemoryDisk()
  putSnapshots(disk, 0, 2, 4)
  writeLog(disk, [range(1, 5)])
  disk.flip(`${data}/snapshot.4`, 100, 1)
  const { recovery, replayed } = recovered(disk)
  assert.deepEqual(replayed, [3, 4, 5])
  assert.equal(recovery.snapshotZxid, 2)
  const [report] = recovery.reports
  assert.deepEqual([report.type, report.file], ['snapshotFailed', `${data}/snapshot.4`])
  assert.match(report.reason, /seal/)
})

test('a damaged snapshot is not passed over when the log ends before it, or has a hole', () => {
  for (const zxids of [
    [1, 2, 3],
    [4, 5],
  ]) {
    const disk = new MemoryDisk()
    putSnapshots(disk, 0, 4)
    writeLog(disk, [zxids])
    disk.flip(`${data}/snapshot.4`, 100, 1)
    const code = zxids.length === 3 ? 'SNAPSHOT_NONE_USABLE' : 'LOG_HOLE'
    assert.throws(() => recovered(disk), { code })
  }
})

test('ZOOKEEPER-2325, 3056: snapshots that all fail, logs without snapshots and half snapshots are refused', () => {
  const damaged = new MemoryDisk()
  putSnapshots(damaged, 0)
  damaged.flip(`${data}/snapshot.0`, 100, 1)
  assert.throws(() => recovered(damaged), { code: 'SNAPSHOT_NONE_USABLE' })

  const cut = new MemoryDisk()
  cut.install(`${data}/snapshot.0`, new Uint8Array(0))
  assert.throws(() => recovered(cut), { code: 'SNAPSHOT_NONE_USABLE' })

  const logOnly = new MemoryDisk()
  writeLog(logOnly, [[1, 2]])
  assert.throws(() => recovered(logOnly), { code: 'LOG_WITHOUT_SNAPSHOT' })
  assert.deepEqual(recovered(logOnly, { trustsEmptySnapshot: true }).replayed, [1, 2])
})

test('files in the other of two directories are refused', () => {
  const logInData = new MemoryDisk()
  logInData.install('/data/version-2/log.1', fixture('log.1.from-3.9.6'))
  assert.throws(() => recovered(logInData, { dataDirectory: '/data' }), {
    code: 'LOG_IN_SNAPSHOT_DIRECTORY',
  })
  const snapshotInLog = new MemoryDisk()
  putSnapshots(snapshotInLog, 0)
  assert.throws(() => recovered(snapshotInLog, { dataDirectory: '/data' }), {
    code: 'SNAPSHOT_IN_LOG_DIRECTORY',
  })
})

test('a failed sync of the recovered log is a failed recovery', () => {
  const disk = new MemoryDisk({ failsSync: (count) => count === 5 })
  putSnapshots(disk, 0)
  writeLog(disk, [[1], [2], [3]])
  assert.equal(disk.syncCount, 4)
  assert.throws(() => recovered(disk), { message: /EIO/ })
})

test('the leftovers of an interrupted snapshot are removed', () => {
  const disk = new MemoryDisk()
  putSnapshots(disk, 0)
  disk.install(`${data}/snapshot.5.tmp`, new Uint8Array(9))
  disk.install(`${data}/currentEpoch.tmp`, new Uint8Array(1))
  recovered(disk)
  assert.deepEqual(disk.list(data).toSorted(), ['currentEpoch.tmp', 'snapshot.0'])
})

test('a purge keeps the newest snapshots and the logs since the oldest of them', () => {
  const disk = new MemoryDisk()
  putSnapshots(disk, 0, 3, 6, 9, 12)
  writeLog(disk, [range(1, 5)])
  writeLog(disk, [range(6, 8)])
  writeLog(disk, [range(9, 14)])
  disk.flip(`${data}/snapshot.c`, disk.contents(`${data}/snapshot.c`).length - 1, 1)
  const options = { disk, dataDirectory: data, logDirectory: data, retainCount: 1 }
  assert.deepEqual(
    purge(options).map((file) => file.name),
    ['snapshot.0'],
  )
  assert.deepEqual(findPurgeable({ ...options, retainCount: 4 }), [])
  putSnapshots(disk, 20, 30)
  const purged = purge(options).map((file) => file.name)
  assert.deepEqual(purged, ['snapshot.6', 'snapshot.3', 'log.1', 'log.6'])
  assert.deepEqual(disk.list(data).toSorted(), [
    'log.9',
    'snapshot.14',
    'snapshot.1e',
    'snapshot.9',
    'snapshot.c',
  ])
})

test('a purge without a snapshot removes nothing', () => {
  const disk = new MemoryDisk()
  writeLog(disk, [[1]])
  assert.deepEqual(purge({ disk, dataDirectory: data, logDirectory: data, retainCount: 3 }), [])
})

test('a truncation takes the history back to its zxid, newer snapshots included', () => {
  for (const zxid of range(2, 9)) {
    const disk = new MemoryDisk()
    putSnapshots(disk, 0, 2, 7)
    writeLog(disk, [range(1, 3)])
    writeLog(disk, [range(4, 6)])
    writeLog(disk, [range(7, 9)])
    truncateLog({ disk, dataDirectory: data, logDirectory: data, zxid }, rethrow)
    disk.crash()
    const { recovery } = recovered(disk)
    assert.equal(recovery.lastZxid, zxid)
    assert.equal(recovery.snapshotZxid, zxid < 7 ? 2 : 7)
  }
})

test('a truncation that cannot end at its zxid touches nothing', () => {
  const disk = new MemoryDisk()
  putSnapshots(disk, 2)
  writeLog(disk, [[3, 4], [0x2_0000_0001]])
  const before = disk.list(data)
  for (const zxid of [1, 5, 0x1_0000_0005]) {
    let failure: Error | undefined
    truncateLog({ disk, dataDirectory: data, logDirectory: data, zxid }, (error) => {
      failure = error
    })
    assert.equal((failure as { code?: string } | undefined)?.code, 'LOG_TRUNCATE_IMPOSSIBLE')
  }
  assert.deepEqual(disk.list(data), before)
  assert.equal(recovered(disk).recovery.lastZxid, 0x2_0000_0001)
})

/** Snapshots with the tree of a real one. */
function putSnapshots(disk: MemoryDisk, ...zxids: readonly number[]): void {
  const tree = new RecordingTree()
  const stat = new Uint8Array(60)
  tree.nodes.push({ path: '', data: new Uint8Array(100), aclId: -1, stat })
  for (const zxid of zxids) {
    const image = tree.image(zxid, { high: 0, low: 1 })
    writeSnapshot(new SnapshotWriter(disk, data, image), rethrow)
  }
}

function recovered(disk: MemoryDisk, options: Partial<RecoveryOptions> = {}): Outcome {
  const replayed: number[] = []
  let tree: RecordingTree | undefined
  let outcome: Recovery | undefined
  const target = {
    newLoader: () => (tree = new RecordingTree()),
    replay: (zxid: number) => void replayed.push(zxid),
  }
  recover(
    { disk, dataDirectory: '/log', logDirectory: '/log', target, ...options },
    (error, recovery) => {
      rethrow(error)
      outcome = recovery
    },
  )
  assert.ok(outcome)
  return { recovery: outcome, replayed, tree }
}
