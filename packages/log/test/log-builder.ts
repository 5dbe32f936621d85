/** Transactions and log files for the tests. */
import { readFileSync } from 'node:fs'
import { encode, OpCode, openAcl, type SessionId, txn, type Zxid } from '@quorate/protocol'
import { TxnLogReader, type MemoryDisk, TxnLog, type TxnLogOptions } from '@quorate/log'

export const directory = '/log/version-2'

export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)))
}

export function createTxn(zxid: Zxid, data: Uint8Array = new Uint8Array(8).fill(7)): Uint8Array {
  return encode(txn, {
    header: { clientId: 1n as SessionId, cxid: 1, zxid, time: 1_000, type: OpCode.create },
    body: {
      type: OpCode.create,
      path: `/n${zxid}`,
      data,
      acl: openAcl,
      ephemeral: false,
      parentCVersion: 1,
    },
    digest: { version: 2, treeDigest: BigInt(zxid) },
  })
}

/** Writes records with one sync for each batch on a disk that completes at once. */
export function writeLog(
  disk: MemoryDisk,
  batches: readonly (readonly Zxid[])[],
  options: Partial<TxnLogOptions> = {},
): void {
  const log = new TxnLog(disk, directory, options)
  for (const batch of batches) {
    for (const zxid of batch) log.append(zxid, createTxn(zxid))
    log.sync(rethrow)
  }
  log.close(rethrow)
}

export function readZxids(disk: MemoryDisk, after: Zxid = 0): Zxid[] {
  const reader = new TxnLogReader({ disk, directory, after })
  const zxids: Zxid[] = []
  while (reader.next()) zxids.push(reader.zxid)
  return zxids
}

export function range(first: Zxid, last: Zxid): Zxid[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

export function rethrow(error?: Error): void {
  if (error !== undefined) throw error
}

/** Evenly spread numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
