import assert from 'node:assert/strict'
import { it } from 'node:test'
import * as fc from 'fast-check'
import { FrameDecoder } from '../src/frame-decoder.ts'
import { frame } from './support/fake-world.ts'

function decode(
  chunks: readonly Uint8Array[],
  frameBytesMax: number,
): { frames: string[]; oversized: string[] } {
  const seen = { frames: [] as string[], oversized: [] as string[] }
  const decoder = new FrameDecoder(frameBytesMax)
  for (const chunk of chunks) {
    decoder.push(chunk, {
      frame: (bytes, start, end) =>
        seen.frames.push(Buffer.from(bytes.subarray(start, end)).toString('hex')),
      oversized: (bytes, start, end) =>
        seen.oversized.push(Buffer.from(bytes.subarray(start, end)).toString('hex')),
    })
  }
  return seen
}

it('finds the same frames however the stream is cut', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 })
  const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(bodies, cuts, (frames, lengths) => {
      const stream = Buffer.concat(frames.map((body) => frame(body)))
      const chunks = []
      for (let at = 0, i = 0; at < stream.length; i++) {
        const end = at + lengths[i % lengths.length]
        chunks.push(new Uint8Array(stream.subarray(at, end)))
        at = end
      }
      const limit = 40
      const hex = frames.map((body) => Buffer.from(body).toString('hex'))
      assert.deepEqual(decode(chunks, limit), {
        frames: hex.filter((text) => text.length <= limit * 2),
        oversized: hex.filter((text) => text.length > limit * 2).map((text) => text.slice(0, 32)),
      })
    }),
  )
})

it('hands a frame that is whole on without a copy', () => {
  const chunk = frame(new Uint8Array([1, 2, 3]))
  let seen: Uint8Array | undefined
  new FrameDecoder(100).push(chunk, {
    frame: (bytes) => (seen = bytes),
    oversized: () => assert.fail('it is short'),
  })
  assert.equal(seen, chunk)
})
