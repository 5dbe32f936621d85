/** Messages of the election port come out whole, however the stream is cut. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  electionFrameLengthMax,
  ElectionFrameSplitter,
  JuteWriter,
  writeElectionFrame,
} from '@quorate/protocol'
import * as fc from 'fast-check'
import { fromHex } from './hex.ts'

test('messages come out as they went in, wherever the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 30 }), { maxLength: 5 }),
      fc.array(fc.nat(170), { maxLength: 12 }),
      (payloads, cuts) => {
        const writer = new JuteWriter()
        for (const payload of payloads) writeElectionFrame(writer, payload)
        const stream = writer.copy()
        const splitter = new ElectionFrameSplitter()
        const found: Uint8Array[] = []
        const ends = [...cuts.filter((cut) => cut < stream.length), stream.length]
        let at = 0
        for (const end of ends.toSorted((a, b) => a - b)) {
          const chunk = stream.slice(at, end)
          const refusal = splitter.push(chunk, 0, chunk.length, (bytes, from, to) => {
            found.push(bytes.slice(from, to))
          })
          assert.equal(refusal, undefined)
          chunk.fill(0xee)
          at = end
        }
        assert.deepEqual(found, payloads)
      },
    ),
  )
})

test('the longest message is taken', () => {
  const writer = new JuteWriter()
  writeElectionFrame(writer, new Uint8Array(electionFrameLengthMax))
  const lengths: number[] = []
  const splitter = new ElectionFrameSplitter()
  for (const [start, end] of [
    [0, 1000],
    [1000, writer.position],
  ] as const) {
    splitter.push(writer.bytes, start, end, (_bytes, from, to) => lengths.push(to - from))
  }
  assert.deepEqual(lengths, [electionFrameLengthMax])
})

test('a length outside of 1 to 524,288 ends the stream, behind the messages before it', () => {
  for (const length of ['00000000', 'ffffffff', '00080001', '80000000']) {
    for (const cut of [0, 5, 6, 8, 9]) {
      const bytes = fromHex(`00000001 41 ${length} 00000001 42`)
      const splitter = new ElectionFrameSplitter()
      const found: (number | undefined)[] = []
      const take = (held: Uint8Array, start: number): void => {
        found.push(held[start])
      }
      splitter.push(bytes, 0, cut, take)
      assert.equal(splitter.push(bytes, cut, bytes.length, take)?.code, 'ELECTION_FRAME_LENGTH')
      assert.equal(splitter.push(fromHex('00000001 43'), 0, 5, take)?.code, 'ELECTION_FRAME_LENGTH')
      assert.deepEqual(found, [0x41])
    }
  }
})
