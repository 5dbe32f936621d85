/** Whole streams between live Apache ZooKeeper 3.8 servers: every packet and message is decoded and encoded again, to the byte. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  decodeAckEpoch,
  decodeDesignatedLeader,
  decodeLeaderInfo,
  decodeLearnerInfo,
  decodeNotification,
  decodeRequestData,
  designatedLeaderLength,
  ElectionFrameSplitter,
  ElectionHelloReader,
  encode,
  encodeAckEpoch,
  encodeDesignatedLeader,
  encodeElectionHello,
  encodeLeaderInfo,
  encodeLearnerInfo,
  encodeNotification,
  decode,
  isElectionRefusal,
  JuteWriter,
  PacketType,
  quorumPacket,
  QuorumPacketSplitter,
  readTouches,
  revalidationReply,
  revalidationRequest,
  writeElectionFrame,
  writeQuorumPacket,
  writeRequestPacket,
  writeTouch,
} from '@quorate/protocol'
import { fromHex, toHex } from './hex.ts'

interface Stream {
  readonly port: 'quorum' | 'election'
  readonly from: 'dialler' | 'acceptor'
  readonly bytes: string
}

const streams = JSON.parse(
  readFileSync(new URL('peer-streams.json', import.meta.url), 'utf8'),
) as readonly Stream[]

/** What ends the raw stream behind a SNAP packet: the string BenWasHere. */
const snapshotEnd = '0000000a42656e57617348657265'

/** The same data from its decoded record, or undefined where the data has none (a txn, a membership). */
function encodedAgain(type: number, data: Uint8Array, isFromLearner: boolean): string | undefined {
  const end = data.length
  switch (type) {
    case PacketType.followerInfo:
    case PacketType.observerInfo:
      return toHex(encodeLearnerInfo(decodeLearnerInfo(data, 0, end)!))
    case PacketType.leaderInfo:
      return toHex(encodeLeaderInfo(decodeLeaderInfo(data, 0, end)))
    case PacketType.ackEpoch:
      return toHex(encodeAckEpoch(decodeAckEpoch(data, 0, end)))
    case PacketType.commitAndActivate:
      return toHex(encodeDesignatedLeader(decodeDesignatedLeader(data, 0, end)))
    case PacketType.revalidate: {
      return isFromLearner
        ? toHex(encode(revalidationRequest, decode(revalidationRequest, data)))
        : toHex(encode(revalidationReply, decode(revalidationReply, data)))
    }
    case PacketType.ping: {
      const writer = new JuteWriter()
      readTouches(data, 0, end, (session, timeoutMs) => writeTouch(writer, session, timeoutMs))
      return toHex(writer.written())
    }
  }
  return undefined
}

function assertQuorumStream(hex: string, isFromLearner: boolean, seen: Map<number, number>): void {
  const bytes = fromHex(hex)
  const splitter = new QuorumPacketSplitter()
  const again = new JuteWriter()
  let at = 0
  let isSnapshotNext = false
  while (at < bytes.length) {
    at = splitter.push(bytes, at, bytes.length, (type, zxid, held, start, end, authinfo) => {
      seen.set(type, (seen.get(type) ?? 0) + 1)
      const data = start < 0 ? null : held.slice(start, end)
      const packetAt = again.position
      writeQuorumPacket(again, type, zxid, data, 0, data?.length ?? 0, authinfo)
      const packet = again.bytes.slice(packetAt, again.position)
      assert.equal(toHex(encode(quorumPacket, decode(quorumPacket, packet))), toHex(packet))
      if (data !== null) assertData(type, zxid, data, authinfo, packet, isFromLearner)
      isSnapshotNext = type === PacketType.snap
      return !isSnapshotNext
    })
    if (!isSnapshotNext) continue
    assert.equal(splitter.gatheredLength, 0)
    const foundAt = hex.indexOf(snapshotEnd, 2 * at)
    assert.ok(foundAt > 0)
    const snapshotEndAt = foundAt / 2 + snapshotEnd.length / 2
    again.writeBytes(bytes, at, snapshotEndAt)
    at = snapshotEndAt
    isSnapshotNext = false
  }
  const held = splitter.gatheredLength
  assert.equal(toHex(again.written()), toHex(bytes.subarray(0, bytes.length - held)))
  assert.equal(held, 0)
}

function assertData(
  type: number,
  zxid: number,
  data: Uint8Array,
  authinfo: Parameters<typeof writeRequestPacket>[2],
  packet: Uint8Array,
  isFromLearner: boolean,
): void {
  const writer = new JuteWriter()
  if (type === PacketType.request) {
    writeRequestPacket(writer, decodeRequestData(data, 0, data.length), authinfo)
    assert.equal(toHex(writer.written()), toHex(packet))
  } else if (type === PacketType.informAndActivate) {
    const leader = decodeDesignatedLeader(data, 0, data.length)
    const designated = encodeDesignatedLeader(leader)
    const activation = Uint8Array.of(...designated, ...data.subarray(designatedLeaderLength))
    writeQuorumPacket(writer, type, zxid, activation)
    assert.equal(toHex(writer.written()), toHex(packet))
  } else {
    const again = encodedAgain(type, data, isFromLearner)
    if (again !== undefined) assert.equal(again, toHex(data))
  }
}

test('every quorum packet of the captures is encoded again to the same bytes', () => {
  const seen = new Map<number, number>()
  for (const { port, from, bytes } of streams) {
    if (port === 'quorum') assertQuorumStream(bytes, from === 'dialler', seen)
  }
  assert.deepEqual(
    [...seen.keys()].toSorted((a, b) => a - b),
    Object.values(PacketType),
  )
})

test('every notification and initial message of the captures is encoded again to the same bytes', () => {
  let notifications = 0
  for (const { port, from, bytes: hex } of streams) {
    if (port !== 'election') continue
    const bytes = fromHex(hex)
    const again = new JuteWriter()
    let at = 0
    if (from === 'dialler') {
      const reader = new ElectionHelloReader()
      at = reader.push(bytes, 0, bytes.length)
      assert.ok(reader.outcome !== undefined && !isElectionRefusal(reader.outcome))
      again.writeBytes(encodeElectionHello(reader.outcome))
    }
    const splitter = new ElectionFrameSplitter()
    const refusal = splitter.push(bytes, at, bytes.length, (held, start, end) => {
      const notification = decodeNotification(held, start, end)
      assert.ok(!isElectionRefusal(notification))
      notifications++
      writeElectionFrame(again, encodeNotification(notification))
    })
    assert.equal(refusal, undefined)
    // A capture may end inside a message.
    const whole = bytes.subarray(0, bytes.length - splitter.gatheredLength)
    assert.equal(toHex(again.written()), toHex(whole))
  }
  assert.equal(notifications, 50)
})
