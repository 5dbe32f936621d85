/** The data of quorum packets: short and extended forms, and what is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  beginQuorumPacket,
  decodeAckEpoch,
  decodeDesignatedLeader,
  decodeLeaderInfo,
  decodeLearnerInfo,
  decodeRequestData,
  encodeLeaderInfo,
  encodeLearnerInfo,
  endQuorumPacket,
  JuteWriter,
  type LearnerInfo,
  learnerProtocolVersion,
  PacketType,
  PeerCapability,
  readTouches,
  type SessionId,
  writeRequestPacket,
  writeTouch,
} from '@quorate/protocol'
import * as fc from 'fast-check'
import { fromHex, toHex } from './hex.ts'

function learnerInfoOf(hex: string): LearnerInfo | undefined {
  const bytes = fromHex(hex)
  return decodeLearnerInfo(bytes, 0, bytes.length)
}

test('a LearnerInfo of an id alone has the protocol version 1', () => {
  assert.deepEqual(learnerInfoOf('0000000000000003'), {
    serverId: 3,
    protocolVersion: 1,
    configVersion: undefined,
    capabilities: undefined,
  })
})

test('a LearnerInfo without a configuration version is read', () => {
  assert.deepEqual(learnerInfoOf('0000000000000003 00010000'), {
    serverId: 3,
    protocolVersion: learnerProtocolVersion,
    configVersion: undefined,
    capabilities: undefined,
  })
})

test('a whole LearnerInfo is read', () => {
  assert.deepEqual(learnerInfoOf('0000000000000004 00010000 0000000200000003'), {
    serverId: 4,
    protocolVersion: learnerProtocolVersion,
    configVersion: 0x2_0000_0003,
    capabilities: undefined,
  })
})

test('a learner without a server id is told by undefined', () => {
  assert.equal(decodeLearnerInfo(new Uint8Array(40), -1, 20), undefined)
  assert.equal(learnerInfoOf('00000000000000'), undefined)
})

test('capabilities trail a LearnerInfo, and its first 20 bytes stay as they are', () => {
  const info = { serverId: 2, protocolVersion: learnerProtocolVersion, configVersion: 0 }
  const bytes = encodeLearnerInfo({ ...info, capabilities: PeerCapability.confirmedSync })
  const plain = encodeLearnerInfo({ ...info, capabilities: undefined })
  assert.equal(toHex(plain), '0000000000000002000100000000000000000000')
  assert.equal(toHex(bytes), `${toHex(plain)}5152544500000001`)
  assert.equal(decodeLearnerInfo(bytes, 0, bytes.length)!.capabilities, 1)
  assert.equal(decodeLearnerInfo(plain, 0, plain.length)!.capabilities, undefined)
})

test('trailing bytes that are not ours are ignored', () => {
  const info = learnerInfoOf('0000000000000004 00010000 0000000200000003 4142434400000001')
  assert.equal(info!.capabilities, undefined)
  assert.equal(info!.serverId, 4)
})

test('capabilities trail a LEADERINFO', () => {
  const bytes = encodeLeaderInfo({ protocolVersion: learnerProtocolVersion, capabilities: 5 })
  assert.equal(toHex(bytes), '000100005152544500000005')
  assert.deepEqual(decodeLeaderInfo(bytes, 0, bytes.length), {
    protocolVersion: learnerProtocolVersion,
    capabilities: 5,
  })
  assert.deepEqual(decodeLeaderInfo(bytes, 0, 4), {
    protocolVersion: learnerProtocolVersion,
    capabilities: undefined,
  })
})

test('records are read at their place in a larger array', () => {
  const bytes = fromHex('ffff 0000000000000004 00010000 0000000200000003 5152544500000001 ffff')
  assert.deepEqual(decodeLearnerInfo(bytes, 2, bytes.length - 2), {
    serverId: 4,
    protocolVersion: learnerProtocolVersion,
    configVersion: 0x2_0000_0003,
    capabilities: 1,
  })
})

test('data that is null or short is refused where it may not be', () => {
  const bytes = new Uint8Array(30)
  for (const [start, end] of [
    [-1, 30],
    [0, 3],
  ] as const) {
    assert.throws(() => decodeLeaderInfo(bytes, start, end), { code: 'JUTE_TRUNCATED' })
    assert.throws(() => decodeAckEpoch(bytes, start, end), { code: 'JUTE_TRUNCATED' })
    assert.throws(() => decodeDesignatedLeader(bytes, start, end), { code: 'JUTE_TRUNCATED' })
    assert.throws(() => decodeRequestData(bytes, start, end), { code: 'JUTE_TRUNCATED' })
  }
})

test('an ACKEPOCH that is no vote tells −1', () => {
  assert.equal(decodeAckEpoch(fromHex('ffffffff'), 0, 4), -1)
})

test('touches are written into a PING and read again', () => {
  const session = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
  fc.assert(
    fc.property(fc.array(fc.tuple(session, fc.nat())), (touches) => {
      const writer = new JuteWriter()
      const begun = beginQuorumPacket(writer, PacketType.ping, 9)
      for (const [id, timeout] of touches) writeTouch(writer, id as SessionId, timeout)
      endQuorumPacket(writer, begun)
      const found: [bigint, number][] = []
      readTouches(writer.bytes, 16, writer.position - 4, (id, timeout) => found.push([id, timeout]))
      assert.deepEqual(found, touches)
    }),
  )
})

test('a PING without data has no touches', () => {
  readTouches(new Uint8Array(40), -1, 20, () => assert.fail('a touch'))
})

test('a touch that is cut is refused', () => {
  const bytes = fromHex('0100000df56a0000 00002710 0100000df56a0000 0000')
  const found: number[] = []
  assert.throws(
    () => readTouches(bytes, 0, bytes.length, (_session, timeout) => found.push(timeout)),
    { code: 'JUTE_TRUNCATED' },
  )
  assert.deepEqual(found, [10_000])
})

test('a forwarded request carries its body and the identities of its client', () => {
  const writer = new JuteWriter()
  writeRequestPacket(
    writer,
    {
      session: 0x0100_000d_f56a_0000n as SessionId,
      cxid: 1,
      type: 9,
      body: fromHex('00000001 2f'),
    },
    [{ scheme: 'ip', id: '127.0.0.1' }],
  )
  assert.equal(
    toHex(writer.written()),
    toHex(
      fromHex(
        '00000001 ffffffffffffffff 00000015 0100000df56a0000 00000001 00000009 00000001 2f 00000001 00000002 6970 00000009 3132372e302e302e31',
      ),
    ),
  )
})
