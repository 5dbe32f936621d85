import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryDisk, type MemoryDiskOptions, TxnLog } from '@quorate/log'
import { connectRequest, JuteWriter, type SessionId } from '@quorate/protocol'
import { type ClientConnection, type ClientLink, replicaDefaults } from '@quorate/replica'
import { Tree } from '@quorate/tree'
import type { SocketLink } from '../src/client-port/socket-link.ts'
import { nativePlatform } from '../src/native-platform.ts'
import { ReplicaDriver } from '../src/replica-driver.ts'

/** A link that remembers what was written to it. */
class FakeLink implements ClientLink {
  readonly remoteAddress = '127.0.0.1'
  readonly remotePort = 1
  readonly queuedBytes = 0
  writtenBytes = 0

  write(_bytes: Uint8Array, start: number, end: number): boolean {
    this.writtenBytes += end - start
    return true
  }

  pause(): void {}

  resume(): void {}

  close(): void {}
}

function setUp(diskOptions: MemoryDiskOptions) {
  const disk = new MemoryDisk(diskOptions)
  disk.makeDirectory('/d')
  const tree = new Tree({ platform: nativePlatform, extendedTypesEnabled: true })
  tree.createSystemNodes()
  const failures: Error[] = []
  const driver = new ReplicaDriver({
    replica: { ...replicaDefaults, random: () => 0 },
    tree,
    txnLog: new TxnLog(disk, '/d', { preallocateBytes: 0 }),
    log: { write() {} },
    takeSnapshot() {},
    answerWord: () => '',
    failed: (error) => failures.push(error),
  })
  const link = new FakeLink()
  const connection = driver.connected(link as unknown as SocketLink<ClientConnection>)
  return { disk, driver, failures, link, connection }
}

/** The frame that asks for a session, which is a write. */
function connectFrame(): Uint8Array {
  const writer = new JuteWriter(128)
  writer.writeInt(44)
  connectRequest.encode(writer, {
    protocolVersion: 0,
    lastZxidSeen: 0,
    timeOut: 10_000,
    sessionId: 0n as SessionId,
    passwd: new Uint8Array(16),
    readOnly: undefined,
  })
  return writer.bytes.slice(0, writer.position)
}

async function turnEnd(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

describe('ReplicaDriver', () => {
  it('syncs once the turn has ended, and acknowledges after the sync', async () => {
    const { disk, driver, link, connection } = setUp({ isQueued: true })
    const frame = connectFrame()
    driver.received(connection, frame, 0, frame.length)
    assert.equal(disk.pendingCount, 0)
    await turnEnd()
    assert.equal(link.writtenBytes, 0)
    while (disk.completeNext()) assert.equal(driver.isServing, true)
    assert.ok(link.writtenBytes > 0)
  })

  it('acknowledges nothing after a sync that failed', async () => {
    const { driver, failures, link, connection } = setUp({ failsSync: () => true })
    const frame = connectFrame()
    driver.received(connection, frame, 0, frame.length)
    await turnEnd()
    assert.equal(failures.length, 1)
    assert.equal(driver.isServing, false)
    assert.equal(link.writtenBytes, 0)
    await driver.stop()
  })

  it('finishes what is under way before it has stopped', async () => {
    const { disk, driver, link, connection } = setUp({ isQueued: true })
    const frame = connectFrame()
    driver.received(connection, frame, 0, frame.length)
    let hasStopped = false
    const stopping = driver.stop().then(() => (hasStopped = true))
    await turnEnd()
    assert.equal(hasStopped, false)
    while (disk.completeNext());
    await stopping
    assert.ok(link.writtenBytes > 0)
  })

  it('takes no input once it stops', async () => {
    const { disk, driver, connection } = setUp({ isQueued: true })
    await driver.stop()
    const frame = connectFrame()
    driver.received(connection, frame, 0, frame.length)
    await turnEnd()
    assert.equal(disk.pendingCount, 0)
  })
})
