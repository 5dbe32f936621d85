import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ByteSlab } from '../src/byte-slab.ts'

const page = 65_536
const chunk = 64 * page

interface Block {
  readonly ref: number
  readonly length: number
  readonly mark: number
}

function take(slab: ByteSlab, length: number, mark: number): Block {
  const ref = slab.allocate(length)
  if (length > 0) slab.chunkOf(ref).fill(mark, slab.offsetOf(ref), slab.offsetOf(ref) + length)
  return { ref, length, mark }
}

function isIntact(slab: ByteSlab, { ref, length, mark }: Block): boolean {
  if (length === 0) return ref === 0
  const at = slab.offsetOf(ref)
  const bytes = slab.chunkOf(ref).subarray(at, at + length)
  return bytes.length === length && bytes.every((byte) => byte === mark)
}

const anyLength = fc.oneof(
  { weight: 12, arbitrary: fc.nat(300) },
  { weight: 6, arbitrary: fc.nat(page / 2 + 40) },
  { weight: 2, arbitrary: fc.nat(6 * page) },
  { weight: 1, arbitrary: fc.constantFrom(16, 32_768, 32_769, page, page + 1, chunk) },
)
/** A length to allocate, or the number of a block to free. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ length: anyLength }) },
  { weight: 2, arbitrary: fc.record({ victim: fc.nat() }) },
) as fc.Arbitrary<{ readonly length?: number; readonly victim?: number }>

test('blocks never overlap, keep their bytes, and leave nothing behind', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const slab = new ByteSlab()
      const blocks: Block[] = []
      steps.forEach(({ length: wanted, victim }, i) => {
        if (wanted !== undefined) blocks.push(take(slab, wanted, (i % 255) + 1))
        else if (blocks.length > 0) {
          const [block] = blocks.splice((victim ?? 0) % blocks.length, 1)
          assert.ok(isIntact(slab, block), `block ${block.ref} of ${block.length} bytes`)
          slab.free(block.ref, block.length)
        }
      })
      for (const block of blocks) {
        assert.ok(isIntact(slab, block), `block ${block.ref} of ${block.length} bytes`)
        slab.free(block.ref, block.length)
      }
      assert.equal(slab.usedBytes, 0)
    }),
    { numRuns: 60 },
  )
})

test('no block has the ref 0, which means none', () => {
  for (const length of [1, 16, 17, 40_000, chunk - page, chunk, chunk + 1]) {
    const slab = new ByteSlab()
    assert.notEqual(slab.allocate(length), 0, String(length))
  }
  assert.equal(new ByteSlab().allocate(0), 0)
})

test('what is freed is used again, for blocks of any size', () => {
  const slab = new ByteSlab()
  for (const length of [10, 100, 1_000, 30_000, 100_000, 2_000_000, 10]) {
    const blocks = Array.from({ length: Math.ceil(3_000_000 / length) }, () =>
      take(slab, length, 7),
    )
    for (const block of blocks) slab.free(block.ref, block.length)
    assert.equal(slab.usedBytes, 0)
  }
  assert.ok(slab.reservedBytes <= 3 * chunk, `${slab.reservedBytes} bytes are reserved`)
})

test('the rounding of small blocks costs no more than a quarter, or 16 bytes', () => {
  const slab = new ByteSlab()
  for (let length = 1; length <= page / 2; length += 7) {
    const ref = slab.allocate(length)
    const waste = slab.usedBytes - length
    slab.free(ref, length)
    assert.ok(waste < 16 || waste <= length / 4, `${waste} bytes for ${length}`)
  }
})

test('a block larger than a chunk goes back to the platform when it is freed', () => {
  const slab = new ByteSlab()
  const small = take(slab, 100, 1)
  const before = slab.reservedBytes
  const huge = take(slab, 3 * chunk + 5, 2)
  const after = take(slab, chunk + 1, 3)
  assert.ok(isIntact(slab, small) && isIntact(slab, huge) && isIntact(slab, after))
  slab.free(huge.ref, huge.length)
  slab.free(after.ref, after.length)
  assert.equal(slab.reservedBytes, before)
  // Its number is used again, for pages this time.
  const many = Array.from({ length: 100 }, (_, i) => take(slab, 100_000, i + 1))
  assert.ok(many.every((block) => isIntact(slab, block)))
  assert.ok(isIntact(slab, small))
})

test('a small tree takes less than a chunk', () => {
  const slab = new ByteSlab()
  const blocks = Array.from({ length: 100 }, (_, i) => take(slab, 500, i + 1))
  assert.ok(slab.reservedBytes < chunk / 8, `${slab.reservedBytes} bytes are reserved`)
  assert.ok(blocks.every((block) => isIntact(slab, block)))
})
