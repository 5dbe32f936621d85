/** A start that makes a log's tail durable may itself be cut short, by a kill or a power failure, again and again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { MemoryDisk, settleTail, TxnLog, TxnLogReader } from '@quorate/log'
import { createTxn, directory, randomOf, rethrow } from './log-builder.ts'

/** A start that is cut short after so many operations of the disk. */
const interruption = fc.record({ operations: fc.nat(2), isPowerFailure: fc.boolean() })

test('starts that are cut short while they write a torn tail anew lose nothing that was synced', () => {
  fc.assert(
    fc.property(
      fc.record({
        synced: fc.array(fc.nat(1_500), { minLength: 1, maxLength: 4 }),
        unsynced: fc.array(fc.nat(1_500), { minLength: 1, maxLength: 8 }),
        preallocates: fc.boolean(),
        syncFails: fc.boolean(),
        starts: fc.array(interruption, { minLength: 1, maxLength: 4 }),
        seed: fc.integer(),
      }),
      ({ synced, unsynced, preallocates, syncFails, starts, seed }) => {
        const disk = new MemoryDisk({
          random: randomOf(seed),
          isQueued: true,
          failsSync: (count) => syncFails && count === 2,
        })
        const log = new TxnLog(disk, directory, { preallocateBytes: preallocates ? 100_000 : 0 })
        append(log, 1, synced)
        log.sync(rethrow)
        while (disk.completeNext());
        append(log, synced.length + 1, unsynced)
        log.sync(() => {})
        // The write, so that the records are in the cache; then the sync, if it fails.
        disk.completeNext()
        if (syncFails) disk.completeNext()
        disk.kill()
        for (const { operations, isPowerFailure } of starts) {
          start(disk)
          for (let i = 0; i < operations; i++) disk.completeNext()
          if (isPowerFailure) disk.crash()
          else disk.kill()
        }
        const found = start(disk)
        while (disk.completeNext());
        disk.crash()
        assert.ok(found >= synced.length, `${synced.length} were synced, ${found} survive`)
        assert.equal(start(disk), found)
      },
    ),
    { numRuns: 1_000 },
  )
})

function append(log: TxnLog, first: number, sizes: readonly number[]): void {
  for (const [i, size] of sizes.entries()) {
    // Data is never all zeros for a sector: a lost sector of zeros could not be seen.
    log.append(first + i, createTxn(first + i, new Uint8Array(size).fill(0xee)))
  }
}

/** Reads the log as a start does and begins to make it durable. Returns how many records there are. */
function start(disk: MemoryDisk): number {
  const reader = new TxnLogReader({ disk, directory, after: 0 })
  let count = 0
  while (reader.next()) assert.equal(reader.zxid, ++count)
  const tail = reader.tails.at(-1)
  assert.ok(tail)
  settleTail(disk, directory, tail, rethrow)
  return count
}
