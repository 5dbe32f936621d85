import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteArena } from '@quorate/protocol'

test('copies keep their bytes, whatever is copied later and whatever becomes of the source', () => {
  const arena = new ByteArena(1_024)
  const copies: Uint8Array[] = []
  const source = new Uint8Array(200)
  for (let i = 0; i < 100; i++) {
    source.fill(i)
    copies.push(arena.copy(source, 0, 2 * i))
  }
  for (const [i, copy] of copies.entries())
    assert.deepEqual(copy, new Uint8Array(2 * i).fill(i), `copy ${i}`)
})

test('copies share an allocation, and long ones have their own', () => {
  const arena = new ByteArena(1_024)
  const a = arena.copy(new Uint8Array(100))
  const b = arena.copy(new Uint8Array(100))
  const long = arena.copy(new Uint8Array(500))
  assert.equal(a.buffer, b.buffer)
  assert.notEqual(long.buffer, a.buffer)
  assert.equal(long.buffer.byteLength, 500)
})
