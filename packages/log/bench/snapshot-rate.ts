/**
 * How fast a snapshot of a million nodes of 100 bytes is read, without what the tree does with it:
 *
 *     node --conditions=source packages/log/bench/snapshot-rate.ts [folder]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { listSnapshots, readSnapshot, SnapshotWriter, writeSnapshot } from '@quorate/log'
import type { SnapshotImage } from '@quorate/tree'
import { nodeDisk } from './node-disk.ts'

const nodeCount = 1_000_000
const folder = mkdtempSync(`${process.argv[2] ?? tmpdir()}/snapshot-rate-`)
const data = new Uint8Array(100).fill(1)
const stat = new Uint8Array(60)
let written = 0

const image: SnapshotImage = {
  zxid: nodeCount,
  digest: { high: 0, low: 0 },
  writeNext(writer, lengthTarget) {
    if (written === 0) {
      writer.writeInt(0)
      writer.writeInt(0)
    }
    const stop = writer.position + lengthTarget
    while (writer.position < stop && written < nodeCount) {
      writer.writeString(`/node-${written++}`)
      writer.writeBuffer(data)
      writer.writeLong(-1)
      writer.writeBytes(stat)
    }
    if (written < nodeCount) return true
    writer.writeString('/')
    return false
  },
  close() {},
}
const writeStart = performance.now()
const writer = new SnapshotWriter(nodeDisk, folder, image)
await new Promise((resolve) => writeSnapshot(writer, resolve))
console.log(
  `written: ${(writer.writtenBytes / 1e6).toFixed(0)} MB in ${(performance.now() - writeStart).toFixed(0)} ms`,
)

let count = 0
const loader = { addSession() {}, addAcl() {}, addNode: () => void count++, finish() {} }
for (let round = 0; round < 3; round++) {
  const start = performance.now()
  readSnapshot({ disk: nodeDisk, snapshot: listSnapshots(nodeDisk, folder)[0], loader })
  console.log(`read: ${(performance.now() - start).toFixed(0)} ms`)
}
console.log(`${count / 3} nodes each time`)
rmSync(folder, { recursive: true })
