import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { JuteWriter } from '@quorate/protocol'
import * as fc from 'fast-check'
import { FrameSplitter } from '../src/frame-splitter.ts'

function stream(frames: readonly Uint8Array[]): Uint8Array {
  const writer = new JuteWriter()
  for (const frame of frames) writer.writeBuffer(frame)
  return writer.copy()
}

/** The stream in pieces that end at these shares of it. */
function pieces(bytes: Uint8Array, shares: readonly number[]): Uint8Array[] {
  const cuts = [0, ...shares.map((share) => Math.floor(share * bytes.length)), bytes.length]
  cuts.sort((a, b) => a - b)
  return cuts.slice(1).map((cut, i) => bytes.slice(cuts[i], cut))
}

const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 12 })
const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 })

test('however a stream is cut, the frames are the same', () => {
  fc.assert(
    fc.property(frames, shares, fc.nat(3), (sent, cuts, gap) => {
      const splitter = new FrameSplitter(60)
      const got: Uint8Array[] = []
      for (const piece of pieces(stream(sent), cuts)) {
        const buffer = new Uint8Array(gap + piece.length + gap).fill(0xee)
        buffer.set(piece, gap)
        const problem = splitter.take(buffer, gap, gap + piece.length, (bytes, start, end) => {
          got.push(bytes.slice(start, end))
          return true
        })
        assert.equal(problem, undefined)
        // The driver uses its buffer again.
        buffer.fill(0xdd)
      }
      assert.deepEqual(got, sent)
      assert.equal(splitter.keptLength, 0)
    }),
    { numRuns: 500 },
  )
})

test('a handler that wants no more gets the rest when it is asked again, with or without new bytes', () => {
  fc.assert(
    fc.property(frames, shares, fc.infiniteStream(fc.boolean()), (sent, cuts, answers) => {
      const splitter = new FrameSplitter(60)
      const got: Uint8Array[] = []
      let isWanted = true
      const handle = (bytes: Uint8Array, start: number, end: number): boolean => {
        got.push(bytes.slice(start, end))
        isWanted = answers.next().value as boolean
        return isWanted
      }
      for (const piece of pieces(stream(sent), cuts)) splitter.take(piece, 0, piece.length, handle)
      for (let i = 0; i <= sent.length; i++) splitter.take(new Uint8Array(0), 0, 0, handle)
      assert.deepEqual(got, sent)
      assert.equal(splitter.keptLength, 0)
    }),
    { numRuns: 500 },
  )
})

test('no more than one frame and one chunk are kept', () => {
  fc.assert(
    fc.property(frames, shares, (sent, cuts) => {
      const splitter = new FrameSplitter(60)
      for (const piece of pieces(stream(sent), cuts)) {
        splitter.take(piece, 0, piece.length, () => true)
        assert.ok(splitter.keptLength < 64)
      }
    }),
  )
})

test('a length that is not allowed is refused as soon as it is known, not when its bytes have come', () => {
  for (const [length, isAllowed] of [
    [-1, false],
    [-0x8000_0000, false],
    [0, false],
    [61, false],
    [0x7fff_ffff, false],
    [60, true],
    [1, true],
  ] as const) {
    for (const size of [1, 2, 3, 4]) {
      const splitter = new FrameSplitter(60)
      const header = new JuteWriter()
      header.writeInt(length)
      const problems = Array.from({ length: 4 / size }, (_, i) =>
        splitter.take(header.written(), i * size, (i + 1) * size, () => true),
      )
      if (4 % size !== 0) continue
      assert.equal(problems.at(-1) === undefined, isAllowed, `${length} in pieces of ${size}`)
    }
  }
})

/** Takes a frame that comes in two pieces; returns the buffer in which it was put together. */
function takeInPieces(splitter: FrameSplitter, length: number): WeakRef<ArrayBufferLike> {
  const bytes = stream([new Uint8Array(length)])
  let buffer: ArrayBufferLike | undefined
  for (const piece of pieces(bytes, [0.5])) {
    splitter.take(piece, 0, piece.length, (whole) => {
      buffer = whole.buffer
      return true
    })
  }
  assert.ok(buffer !== undefined && buffer.byteLength > length)
  return new WeakRef(buffer)
}

test('the memory of a large frame is let go once it is handed on', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const splitter = new FrameSplitter(1_000_000)
  const buffer = takeInPieces(splitter, 1_000_000)
  await nextTurn()
  collectGarbage()
  assert.equal(buffer.deref(), undefined)
  assert.equal(splitter.keptLength, 0)
})
