/** However a stream of packets is cut, the same packets come out, and never a byte of what follows them is held back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  encode,
  JuteError,
  type JuteErrorCode,
  JuteWriter,
  makeZxid,
  PacketType,
  type QuorumPacket,
  quorumPacket,
  QuorumPacketSplitter,
  type TakeQuorumPacket,
  writeQuorumPacket,
} from '@quorate/protocol'
import * as fc from 'fast-check'
import { data, int, long, object, text } from './arbitraries.ts'
import { fromHex } from './hex.ts'

const packet: fc.Arbitrary<QuorumPacket> = object({
  type: int,
  zxid: long,
  data,
  authinfo: fc.option(fc.array(object({ scheme: text, id: text }), { maxLength: 3 })),
})

function streamOf(packets: readonly QuorumPacket[]): Uint8Array {
  const writer = new JuteWriter()
  for (const each of packets) quorumPacket.encode(writer, each)
  return writer.copy()
}

function collectInto(packets: QuorumPacket[]): TakeQuorumPacket {
  return (type, zxid, bytes, start, end, authinfo) => {
    packets.push({ type, zxid, data: start < 0 ? null : bytes.slice(start, end), authinfo })
    return true
  }
}

/** Pushes each chunk at the same place of one buffer, as a socket does, so that nothing may be kept from it. */
function pushInChunks(
  splitter: QuorumPacketSplitter,
  stream: Uint8Array,
  cuts: readonly number[],
  take: TakeQuorumPacket,
): void {
  const buffer = new Uint8Array(stream.length)
  const ends = [...cuts.filter((cut) => cut < stream.length), stream.length].toSorted(
    (a, b) => a - b,
  )
  let at = 0
  for (const end of ends) {
    buffer.fill(0xee)
    buffer.set(stream.subarray(at, end))
    assert.equal(splitter.push(buffer, 0, end - at, take), end - at)
    at = end
  }
}

test('ZOOKEEPER-4306: a proposal far longer than jute.maxbuffer passes, in chunks as in one', () => {
  const bytes = new Uint8Array(3 * 1_048_576).map((_, i) => i % 251)
  const proposal = { type: PacketType.proposal, zxid: makeZxid(1, 2), data: bytes, authinfo: null }
  const commit = { type: PacketType.commit, zxid: makeZxid(1, 2), data: null, authinfo: null }
  const stream = streamOf([proposal, commit])
  for (const chunkLength of [stream.length, 65_536]) {
    const packets: QuorumPacket[] = []
    const splitter = new QuorumPacketSplitter()
    for (let at = 0; at < stream.length; at += chunkLength) {
      const end = Math.min(at + chunkLength, stream.length)
      splitter.push(stream.slice(at, end), 0, end - at, collectInto(packets))
    }
    assert.deepEqual(packets, [proposal, commit])
  }
})

test('packets come out as they went in, wherever the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(packet, { maxLength: 5 }),
      fc.array(fc.nat(300), { maxLength: 12 }),
      (packets, cuts) => {
        const splitter = new QuorumPacketSplitter()
        const found: QuorumPacket[] = []
        pushInChunks(splitter, streamOf(packets), cuts, collectInto(found))
        assert.deepEqual(found, packets)
        assert.equal(splitter.gatheredLength, 0)
      },
    ),
  )
})

test('packets come out of single bytes', () => {
  const packets: readonly QuorumPacket[] = [
    { type: PacketType.upToDate, zxid: -1, data: null, authinfo: null },
    {
      type: PacketType.request,
      zxid: -1,
      data: fromHex('0102'),
      authinfo: [{ scheme: 'ip', id: '::1' }],
    },
    { type: PacketType.leaderInfo, zxid: makeZxid(7, 0), data: new Uint8Array(0), authinfo: [] },
  ]
  const stream = streamOf(packets)
  const found: QuorumPacket[] = []
  const cuts = Array.from({ length: stream.length }, (_, i) => i)
  pushInChunks(new QuorumPacketSplitter(), stream, cuts, collectInto(found))
  assert.deepEqual(found, packets)
})

test('the bytes behind a packet that is refused more after belong to the caller, at every cut', () => {
  const snap: QuorumPacket = {
    type: PacketType.snap,
    zxid: makeZxid(1, 2),
    data: null,
    authinfo: null,
  }
  const before = {
    type: PacketType.leaderInfo,
    zxid: makeZxid(1, 0),
    data: fromHex('00010000'),
    authinfo: null,
  }
  const behind = {
    type: PacketType.newLeader,
    zxid: makeZxid(1, 0),
    data: fromHex('41'),
    authinfo: null,
  }
  // A raw stream that looks like packets, if it were taken for some.
  const raw = streamOf([behind, before, behind])
  const stream = Uint8Array.from([
    ...streamOf([before, snap]),
    ...raw,
    ...streamOf([behind, before]),
  ])
  for (let cut = 0; cut <= stream.length; cut++) {
    for (const secondCut of [cut, Math.min(stream.length, cut + 7), stream.length]) {
      const found: QuorumPacket[] = []
      const collect = collectInto(found)
      const splitter = new QuorumPacketSplitter()
      const taken: number[] = []
      let isRaw = false
      const ends = [cut, secondCut, stream.length]
      let start = 0
      for (const end of ends) {
        let at = start
        while (at < end) {
          if (isRaw && taken.length < raw.length) {
            const length = Math.min(raw.length - taken.length, end - at)
            taken.push(...stream.subarray(at, at + length))
            at += length
            continue
          }
          at = splitter.push(stream, at, end, (type, ...rest) => {
            collect(type, ...rest)
            if (type === PacketType.snap) isRaw = true
            return type !== PacketType.snap
          })
          if (isRaw && taken.length === 0) assert.equal(splitter.gatheredLength, 0)
        }
        start = end
      }
      assert.deepEqual(found, [before, snap, behind, before], `cuts at ${cut} and ${secondCut}`)
      assert.deepEqual(Uint8Array.from(taken), raw)
    }
  }
})

test('a packet that lies whole in a chunk is handed out in place', () => {
  const stream = streamOf([
    { type: PacketType.proposal, zxid: 5, data: fromHex('aabb'), authinfo: null },
  ])
  const chunk = new Uint8Array(stream.length + 6)
  chunk.set(stream, 3)
  const found: unknown[] = []
  new QuorumPacketSplitter().push(
    chunk,
    3,
    3 + stream.length,
    (_type, _zxid, bytes, start, end) => {
      found.push(bytes === chunk, start, end)
      return true
    },
  )
  assert.deepEqual(found, [true, 3 + 16, 3 + 18])
})

test('a large packet in small chunks is gathered', () => {
  const large = new Uint8Array(3_000_000).map((_, i) => i % 251)
  const writer = new JuteWriter()
  writeQuorumPacket(writer, PacketType.proposal, 1, large)
  writeQuorumPacket(writer, PacketType.commit, 1, null)
  const found: QuorumPacket[] = []
  const cuts = Array.from({ length: 100 }, (_, i) => i * 32_749)
  pushInChunks(new QuorumPacketSplitter(), writer.copy(), cuts, collectInto(found))
  assert.deepEqual(
    found.map(({ type, data: held }) => [type, held?.length]),
    [
      [PacketType.proposal, 3_000_000],
      [PacketType.commit, undefined],
    ],
  )
  assert.deepEqual(found.at(0)?.data, large)
})

function assertRefused(
  code: JuteErrorCode,
  bytes: Uint8Array,
  splitter = new QuorumPacketSplitter(),
): void {
  assert.throws(
    () => splitter.push(bytes, 0, bytes.length, () => true),
    (error) => error instanceof JuteError && error.code === code,
  )
}

test('a negative length of data that is not null is refused', () => {
  assertRefused('JUTE_LENGTH', fromHex('00000002 0000000100000001 fffffffe ffffffff'))
})

test('data above the maximum is refused as soon as its length is known', () => {
  const splitter = new QuorumPacketSplitter({ dataLengthMax: 10 })
  assertRefused('JUTE_LENGTH', fromHex('00000002 0000000100000001 0000000b 00000000'), splitter)
  assertRefused('JUTE_LENGTH', fromHex('00000002 0000000100000001 04000001 00000000'))
})

test('a length above the maximum is refused when it comes in pieces', () => {
  const splitter = new QuorumPacketSplitter()
  const bytes = fromHex('00000002 0000000100000001 7fffffff 00000000')
  splitter.push(bytes, 0, 15, () => true)
  assert.throws(() => splitter.push(bytes, 15, bytes.length, () => true), { code: 'JUTE_LENGTH' })
})

test('too many identities are refused, and too long ones', () => {
  assertRefused('JUTE_LENGTH', fromHex('00000001 ffffffffffffffff ffffffff 00000401'))
  assertRefused('JUTE_LENGTH', fromHex('00000001 ffffffffffffffff ffffffff fffffffe'))
  assertRefused('JUTE_LENGTH', fromHex('00000001 ffffffffffffffff ffffffff 00000001 00010001'))
})

test('an identity that is null is refused', () => {
  assertRefused(
    'JUTE_NULL',
    fromHex('00000001 ffffffffffffffff ffffffff 00000001 ffffffff 00000000'),
  )
})

test('an epoch of 2^21 is refused', () => {
  assertRefused('JUTE_LONG_RANGE', fromHex('00000004 0020000000000000 ffffffff ffffffff'))
})

test('no bytes make the splitter throw anything but a JuteError or hold more than it was given', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 }), (chunks) => {
      const splitter = new QuorumPacketSplitter({ dataLengthMax: 64 })
      let given = 0
      try {
        for (const chunk of chunks) {
          splitter.push(chunk, 0, chunk.length, () => true)
          given += chunk.length
          assert.ok(splitter.gatheredLength <= given)
        }
      } catch (error) {
        assert.ok(error instanceof JuteError)
      }
    }),
  )
})

test('the hot writer writes what the codec writes', () => {
  fc.assert(
    fc.property(packet, fc.nat(4), (value, offset) => {
      const writer = new JuteWriter(1)
      const { data: bytes } = value
      const source =
        bytes === null ? null : Uint8Array.from([...new Uint8Array(offset), ...bytes, 9])
      const end = offset + (bytes?.length ?? 0)
      writeQuorumPacket(writer, value.type, value.zxid, source, offset, end, value.authinfo)
      assert.deepEqual(writer.copy(), encode(quorumPacket, value))
    }),
  )
})
