import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DigestHistory } from '../src/digest-history.ts'

function txn(digest: bigint): Uint8Array {
  const bytes = Buffer.alloc(40)
  bytes.writeBigInt64BE(digest, 32)
  return bytes.subarray(0)
}

describe('DigestHistory', () => {
  it('keeps the last 8 bytes of every 128th transaction', () => {
    const history = new DigestHistory()
    for (let zxid = 1; zxid <= 300; zxid++) history.record(zxid, txn(BigInt(-zxid)), 0, 40)
    assert.deepEqual(
      [...history.entries()],
      [
        [128, -128n],
        [256, -256n],
      ],
    )
  })

  it('forgets the oldest', () => {
    const history = new DigestHistory()
    for (let i = 1; i <= 1_030; i++) history.record(i * 128, txn(1n), 0, 40)
    const zxids = [...history.entries()].map(([zxid]) => zxid)
    assert.equal(zxids.length, 1_024)
    assert.equal(zxids[0], 7 * 128)
  })
})
