/** Whatever was acknowledged survives any crash; what survives beyond it is a prefix of what was appended. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { MemoryDisk, settleTail, TxnLog, TxnLogReader } from '@quorate/log'
import { createTxn, directory, randomOf, rethrow } from './log-builder.ts'

const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('append'), size: fc.nat(3_000) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('sync') }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('complete') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('roll') }) },
) as fc.Arbitrary<{ type: 'append' | 'sync' | 'complete' | 'roll'; size?: number }>

test('a crash at any moment, with any tearing, loses nothing that was acknowledged', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(action, { maxLength: 60 }), { minLength: 1, maxLength: 4 }),
      fc.integer(),
      fc.boolean(),
      (lives, seed, preallocates) => {
        const random = randomOf(seed)
        const disk = new MemoryDisk({ random, isQueued: true })
        let survived: number[] = []
        for (const actions of lives) {
          const life = live(disk, actions, survived.length, preallocates)
          disk.crash()
          const found = recovered(disk)
          assert.deepEqual(found, life.appended.slice(0, found.length))
          assert.ok(found.length >= life.acked, `${life.acked} were acked, ${found.length} survive`)
          survived = found
        }
      },
    ),
    { numRuns: 400 },
  )
})

function live(
  disk: MemoryDisk,
  actions: readonly { type: string; size?: number }[],
  count: number,
  preallocates: boolean,
): { appended: number[]; acked: number } {
  const log = new TxnLog(disk, directory, { preallocateBytes: preallocates ? 100_000 : 0 })
  const appended = Array.from({ length: count }, (_, i) => i + 1)
  let acked = count
  let isSyncing = false
  for (const { type, size } of actions) {
    if (type === 'append') {
      const zxid = appended.length + 1
      appended.push(zxid)
      // Data is never all zeros for a sector: a lost sector of zeros could not be seen.
      log.append(zxid, createTxn(zxid, new Uint8Array(size!).fill(0xee)))
    } else if (type === 'sync' && !isSyncing) {
      const covered = appended.length
      isSyncing = true
      log.sync((error) => {
        rethrow(error)
        isSyncing = false
        acked = covered
      })
    } else if (type === 'complete') disk.completeNext()
    else if (type === 'roll') log.roll()
  }
  return { appended, acked }
}

function recovered(disk: MemoryDisk): number[] {
  const reader = new TxnLogReader({ disk, directory, after: 0 })
  const found: number[] = []
  while (reader.next()) found.push(reader.zxid)
  const tail = reader.tails.at(-1)
  let isSettled = tail === undefined
  if (tail !== undefined) {
    settleTail(disk, directory, tail, (error) => {
      rethrow(error)
      isSettled = true
    })
  }
  while (disk.completeNext());
  assert.ok(isSettled)
  return found
}

test('a group of records whose sectors reach the disk in any order is torn, not damage', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(1_500), { maxLength: 4 }),
      fc.array(fc.nat(1_500), { minLength: 2, maxLength: 12 }),
      fc.integer(),
      fc.boolean(),
      (durable, torn, seed, preallocates) => {
        const random = randomOf(seed)
        // All names survive; then the first change that was not synced is torn by sectors.
        const choices = [0, 0.8]
        const disk = new MemoryDisk({ isQueued: true, random: () => choices.shift() ?? random() })
        const sync = { type: 'sync' }
        const complete = { type: 'complete' }
        const wait = [sync, ...Array.from({ length: 8 }, () => complete)]
        const actions = [...appends(durable), ...wait, ...appends(torn), sync]
        const life = live(disk, actions, 0, preallocates)
        disk.crash()
        const found = recovered(disk)
        assert.ok(found.length >= life.acked && found.length <= life.appended.length)
        assert.ok(life.acked >= durable.length)
      },
    ),
    { numRuns: 300 },
  )
})

function appends(sizes: readonly number[]): { type: string; size: number }[] {
  return sizes.map((size) => ({ type: 'append', size }))
}
