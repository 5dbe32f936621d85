import assert from 'node:assert/strict'
import { test } from 'node:test'
import { JuteWriter, type SessionId } from '@quorate/protocol'
import {
  adoptReceivedState,
  MemoryDisk,
  type MemoryDiskOptions,
  readSnapshot,
  recover,
  SnapshotWriter,
  StateSpool,
  truncateLog,
  writeSnapshot,
} from '@quorate/log'
import { directory, range, rethrow, writeLog } from './log-builder.ts'
import { RecordingTree } from './recording-tree.ts'

test('a spooled state is a snapshot file that loads to what the leader had', () => {
  const disk = new MemoryDisk()
  const { spool, failures } = newSpool(disk)
  const stream = exampleStream()
  for (let at = 0; at < stream.length; at += 7)
    spool.push(stream, at, Math.min(at + 7, stream.length))
  let isSealed = false
  spool.seal(() => (isSealed = true))
  assert.ok(isSealed)
  const snapshot = { name: '', path: spool.path, zxid: 0x2_0000_0005, compression: 'none' } as const
  const loader = new RecordingTree()
  readSnapshot({ disk, snapshot, loader })
  assert.deepEqual(loader.nodes, exampleTree().nodes)
  assert.deepEqual(loader.sessions, exampleTree().sessions)
  assert.deepEqual(failures, [])
})

test('bytes that were taken are counted until they are written, and then that is told', () => {
  const disk = new MemoryDisk({ isQueued: true })
  const { spool } = newSpool(disk)
  while (disk.completeNext());
  const stream = exampleStream()
  let drained = 0
  spool.onDrained = () => drained++
  spool.push(stream, 0, 20)
  spool.push(stream, 20, 50)
  assert.equal(spool.queuedBytes, 50)
  disk.completeNext()
  assert.deepEqual([spool.queuedBytes, drained], [30, 0])
  disk.completeNext()
  assert.deepEqual([spool.queuedBytes, drained], [0, 1])
})

test('a stream that is given up leaves nothing behind, a write under way or not', () => {
  for (const completed of [0, 1, 2, 3]) {
    const disk = new MemoryDisk({ isQueued: true })
    const { spool, failures } = newSpool(disk)
    const stream = exampleStream()
    spool.push(stream, 0, 20)
    spool.push(stream, 20, 50)
    for (let i = 0; i < completed; i++) disk.completeNext()
    spool.abort()
    spool.abort()
    while (disk.completeNext());
    assert.deepEqual(disk.list(directory), [])
    assert.deepEqual(failures, [])
  }
})

test('a stream that is given up after a load has removed the file is no failure', () => {
  const disk = new MemoryDisk()
  const { spool, failures } = newSpool(disk)
  const target = { newLoader: () => new RecordingTree(), replay: () => {} }
  recover({ disk, dataDirectory: '/log', logDirectory: '/log', target }, rethrow)
  assert.deepEqual(disk.list(directory), [])
  spool.abort()
  assert.deepEqual(failures, [])
})

test('a disk that fails is told once, and the stream goes nowhere any more', () => {
  const faults: readonly MemoryDiskOptions[] = [
    { capacityBytes: 40 },
    { failsWrite: (count) => count > 1 },
    { failsSync: () => true },
  ]
  for (const options of faults) {
    const { spool, failures } = newSpool(new MemoryDisk(options))
    const stream = exampleStream()
    for (let at = 0; at < stream.length; at += 30)
      spool.push(stream, at, Math.min(at + 30, stream.length))
    spool.seal(() => assert.fail('it is not durable'))
    spool.abort()
    assert.equal(failures.length, 1)
  }
})

test('a malformed stream is refused', () => {
  const { spool } = newSpool(new MemoryDisk())
  assert.throws(() => spool.push(new Uint8Array(4).fill(0xf0), 0, 4), { code: 'STATE_STREAM_BAD' })
})

test('a start finishes what a crash interrupted, and only then looks for a snapshot', () => {
  const disk = new MemoryDisk()
  putSnapshot(disk, 4)
  putSnapshot(disk, 9)
  writeLog(disk, [range(1, 12)])
  // As a crash right after the first rename leaves it.
  disk.install(`${directory}/received.6`, snapshotBytes(6))
  const target = {
    newLoader: () => new RecordingTree(),
    replay: () => assert.fail('no log is left'),
  }
  let lastZxid = -1
  recover({ disk, dataDirectory: '/log', logDirectory: '/log', target }, (error, recovery) => {
    rethrow(error)
    lastZxid = recovery!.lastZxid
  })
  assert.equal(lastZxid, 6)
  assert.deepEqual(disk.list(directory), ['snapshot.6'])
})

test('an adopted state takes the place of everything, of a snapshot of its zxid too', () => {
  const disk = new MemoryDisk()
  for (const zxid of [4, 6, 9]) putSnapshot(disk, zxid)
  writeLog(disk, [range(1, 12)])
  const temporary = `${directory}/snapshot.6.received-1.tmp`
  disk.install(temporary, snapshotBytes(6))
  const directories = { dataDirectory: directory, logDirectory: directory }
  adoptReceivedState(disk, directories, { temporary, zxid: 6 })
  disk.crash()
  assert.deepEqual(disk.list(directory), ['snapshot.6'])
  assert.deepEqual(disk.contents(`${directory}/snapshot.6`), snapshotBytes(6))
})

test('a snapshot that is revoked during its last sync gets no name', () => {
  const disk = new MemoryDisk({ isQueued: true })
  const writer = new SnapshotWriter(disk, directory, exampleTree().image(3, { high: 0, low: 0 }))
  let failure: Error | undefined
  writeSnapshot(writer, (error) => (failure = error))
  disk.completeNext()
  assert.equal(disk.pendingCount, 1, 'the sync is under way')
  writer.revoke()
  disk.completeNext()
  assert.equal((failure as { code?: string } | undefined)?.code, 'SNAPSHOT_REVOKED')
  assert.deepEqual(disk.list(directory), [])
})

test('a truncation is impossible when a hole is between the snapshot and the end of the log', () => {
  for (const [batches, zxid] of [
    [[[1, 2, 5, 6]], 6],
    [[[1, 2, 5, 6]], 2],
    [[[1, 2], [6]], 2],
  ] as const) {
    const disk = new MemoryDisk()
    putSnapshot(disk, 0)
    for (const batch of batches) writeLog(disk, [batch])
    const before = disk.list(directory)
    let code: string | undefined
    truncateLog({ disk, dataDirectory: directory, logDirectory: directory, zxid }, (error) => {
      code = (error as { code?: string } | undefined)?.code
    })
    assert.equal(code, 'LOG_TRUNCATE_IMPOSSIBLE')
    assert.deepEqual(disk.list(directory), before)
  }
})

function newSpool(disk: MemoryDisk): { spool: StateSpool; failures: Error[] } {
  const failures: Error[] = []
  const failed = (error: Error): void => void failures.push(error)
  return { spool: new StateSpool({ disk, directory, zxid: 5, attempt: 1, failed }), failures }
}

function exampleTree(): RecordingTree {
  const tree = new RecordingTree()
  tree.sessions.push([7n as SessionId, 4_000])
  const stat = new Uint8Array(60)
  for (const path of ['', '/a', '/a/b'])
    tree.nodes.push({ path, data: new Uint8Array(10).fill(path.length), aclId: -1, stat })
  return tree
}

function exampleStream(): Uint8Array {
  const writer = new JuteWriter()
  while (
    exampleTree()
      .image(1, { high: 0, low: 0 })
      .writeNext(writer, 1 << 20)
  );
  writer.writeString('BenWasHere')
  return writer.copy()
}

function putSnapshot(disk: MemoryDisk, zxid: number): void {
  disk.install(`${directory}/snapshot.${zxid.toString(16)}`, snapshotBytes(zxid))
}

function snapshotBytes(zxid: number): Uint8Array {
  const disk = new MemoryDisk()
  const image = exampleTree().image(zxid, { high: 0, low: 1 })
  writeSnapshot(new SnapshotWriter(disk, directory, image), rethrow)
  return disk.contents(`${directory}/snapshot.${zxid.toString(16)}`)
}
