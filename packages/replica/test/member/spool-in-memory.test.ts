import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SpoolInMemory } from '../../src/member/spool-in-memory.ts'

const mebibyte = 1_048_576

test('what is written across chunks is read again, from any place', () => {
  const spool = new SpoolInMemory()
  const bytes = Uint8Array.from({ length: 2 * mebibyte + 77 }, (_, at) => at % 251)
  let doneCount = 0
  for (let at = 0; at < bytes.length; at += 700_001)
    spool.write(bytes, at, Math.min(at + 700_001, bytes.length), at, () => doneCount++)
  assert.equal(doneCount, 3)
  assert.equal(spool.size(), bytes.length)
  const target = new Uint8Array(bytes.length + 10)
  assert.equal(spool.read(target, 5, target.length, 0), bytes.length)
  assert.deepEqual(target.subarray(5, 5 + bytes.length), bytes)
  const part = new Uint8Array(20)
  assert.equal(spool.read(part, 0, 20, mebibyte - 10), 20)
  assert.deepEqual(part, bytes.slice(mebibyte - 10, mebibyte + 10))
  assert.equal(spool.read(part, 0, 20, bytes.length - 3), 3)
  assert.equal(spool.read(part, 0, 20, bytes.length + 3), 0)
})
