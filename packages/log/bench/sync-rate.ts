/**
 * How many syncs a second the log makes, one after the other, with and without zeros written ahead:
 *
 *     node --conditions=source packages/log/bench/sync-rate.ts [folder]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { TxnLog } from '@quorate/log'
import { nodeDisk } from './node-disk.ts'

const parent = process.argv[2] ?? tmpdir()
const measureMs = 2_000

for (let round = 0; round < 3; round++) {
  for (const txnBytes of [200, 4_096]) {
    for (const preallocateBytes of [0, 256 * 1_024, 1_048_576])
      await measure(txnBytes, preallocateBytes)
  }
}

async function measure(txnBytes: number, preallocateBytes: number): Promise<void> {
  const folder = mkdtempSync(`${parent}/sync-rate-`)
  const log = new TxnLog(nodeDisk, folder, { preallocateBytes })
  const txn = new Uint8Array(txnBytes).fill(1)
  const latencies: number[] = []
  const start = performance.now()
  for (let zxid = 1; performance.now() - start < measureMs; zxid++) {
    const before = performance.now()
    log.append(zxid, txn)
    await new Promise<void>((resolve, reject) =>
      log.sync((error) => (error === undefined ? resolve() : reject(error))),
    )
    latencies.push(performance.now() - before)
  }
  const seconds = (performance.now() - start) / 1_000
  latencies.sort((a, b) => a - b)
  const at = (share: number): string =>
    (latencies[Math.floor(latencies.length * share)] * 1_000).toFixed(0)
  console.log(
    `${txnBytes} bytes, ahead ${preallocateBytes / 1_024} KiB: ${(latencies.length / seconds).toFixed(0)} syncs/s, p50 ${at(0.5)} us, p99 ${at(0.99)} us, p99.9 ${at(0.999)} us`,
  )
  await new Promise((resolve) => log.close(resolve))
  rmSync(folder, { recursive: true })
}
