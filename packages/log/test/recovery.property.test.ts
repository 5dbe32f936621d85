/** Log, snapshots, purge and recovery together: over any crashes, a history goes on from all that was acknowledged. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { MemoryDisk, purge, recover, type Recovery, SnapshotWriter, TxnLog } from '@quorate/log'
import { createTxn, randomOf, rethrow } from './log-builder.ts'
import { RecordingTree } from './recording-tree.ts'

const folder = '/log/version-2'

const action = fc.constantFrom('append', 'append', 'sync', 'complete', 'complete', 'snapshot')

test('a server that crashes or is killed at any moment recovers all that it acknowledged', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(action, { maxLength: 80 }), { minLength: 2, maxLength: 5 }),
      fc.integer(),
      (lives, seed) => {
        const random = randomOf(seed)
        const disk = new MemoryDisk({ random, isQueued: true })
        let acked = 0
        let isStarted = false
        for (const actions of lives) {
          const { lastZxid, snapshotZxid } = recovered(disk)
          assert.ok(lastZxid >= acked, `${acked} was acknowledged, ${lastZxid} recovered`)
          assert.ok(!isStarted || snapshotZxid !== undefined, 'the first snapshot was durable')
          const life = new Life(disk, lastZxid)
          if (snapshotZxid === undefined) life.writeFirstSnapshot()
          isStarted = true
          for (const one of actions) life[one]()
          acked = life.acked
          if (random() < 0.5) disk.crash()
          else disk.kill()
        }
        assert.ok(recovered(disk).lastZxid >= acked)
      },
    ),
    { numRuns: 300 },
  )
})

/** A server between its recovery and its crash. */
class Life {
  acked: number
  readonly #disk: MemoryDisk
  readonly #log: TxnLog
  #last: number
  #isSyncing = false
  #isWriting = false

  constructor(disk: MemoryDisk, lastZxid: number) {
    this.#disk = disk
    this.#log = new TxnLog(disk, folder, { preallocateBytes: 2_000 })
    this.#last = lastZxid
    this.acked = lastZxid
  }

  writeFirstSnapshot(): void {
    this.snapshot()
    while (this.#disk.completeNext());
    assert.ok(!this.#isWriting)
  }

  append(): void {
    this.#log.append(++this.#last, createTxn(this.#last, new Uint8Array(400).fill(0xee)))
  }

  sync(): void {
    if (this.#isSyncing) return
    this.#isSyncing = true
    const covered = this.#last
    this.#log.sync((error) => {
      rethrow(error)
      this.#isSyncing = false
      this.acked = covered
    })
  }

  complete(): void {
    this.#disk.completeNext()
  }

  snapshot(): void {
    if (this.#isWriting) return
    this.#isWriting = true
    this.#log.roll()
    const tree = new RecordingTree()
    for (let i = 0; i < 20; i++) {
      const data = new Uint8Array(100).fill(i)
      tree.nodes.push({ path: i === 0 ? '' : `/${i}`, data, aclId: -1, stat: new Uint8Array(60) })
    }
    const image = tree.image(this.acked, { high: 0, low: 1 })
    this.#step(new SnapshotWriter(this.#disk, folder, image, { sliceBytes: 1_000 }))
  }

  #step(writer: SnapshotWriter): void {
    writer.step((error, isFinished) => {
      rethrow(error)
      if (!isFinished) return this.#step(writer)
      this.#isWriting = false
      purge({ disk: this.#disk, dataDirectory: folder, logDirectory: folder, retainCount: 3 })
    })
  }
}

/** Recovers and checks that what is replayed continues the snapshot without a gap. */
function recovered(disk: MemoryDisk): Recovery {
  let result: Recovery | undefined
  const replayed: number[] = []
  const target = {
    newLoader: () => new RecordingTree(),
    replay: (zxid: number) => void replayed.push(zxid),
  }
  recover({ disk, dataDirectory: '/log', logDirectory: '/log', target }, (error, recovery) => {
    rethrow(error)
    result = recovery
  })
  while (disk.completeNext());
  assert.ok(result)
  const start = result.snapshotZxid ?? 0
  assert.deepEqual(
    replayed,
    Array.from(replayed.keys(), (i) => start + 1 + i),
  )
  assert.equal(result.lastZxid, start + replayed.length)
  return result
}
