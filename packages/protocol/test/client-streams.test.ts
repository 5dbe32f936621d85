/** Whole conversations of clients with live Apache ZooKeeper 3.8 servers: every frame is decoded and encoded again. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  type Codec,
  connectRequest,
  connectResponse,
  createRequest,
  create2Response,
  decode,
  encode,
  getChildrenResponse,
  getDataResponse,
  JuteReader,
  multiRequest,
  multiResponse,
  OpCode,
  pathRecord,
  pathVersionRequest,
  pathWatchRequest,
  reconfigRequest,
  replyHeader,
  requestHeader,
  setDataRequest,
  statResponse,
} from '@quorate/protocol'
import { fromHex, toHex } from './hex.ts'

interface Stream {
  readonly requests: string
  readonly replies: string
}

const streams = JSON.parse(
  readFileSync(new URL('client-streams.json', import.meta.url), 'utf8'),
) as readonly Stream[]

const nothing: Codec<object> = { encode() {}, decode: () => ({}) }
const codecsByType = new Map<number, readonly [Codec<never>, Codec<never>]>([
  [OpCode.create, [createRequest, pathRecord]],
  [OpCode.create2, [createRequest, create2Response]],
  [OpCode.delete, [pathVersionRequest, nothing]],
  [OpCode.exists, [pathWatchRequest, statResponse]],
  [OpCode.getData, [pathWatchRequest, getDataResponse]],
  [OpCode.setData, [setDataRequest, statResponse]],
  [OpCode.getChildren, [pathWatchRequest, getChildrenResponse]],
  [OpCode.sync, [pathRecord, pathRecord]],
  [OpCode.multi, [multiRequest, multiResponse]],
  [OpCode.reconfig, [reconfigRequest, getDataResponse]],
  [OpCode.ping, [nothing, nothing]],
  [OpCode.closeSession, [nothing, nothing]],
] as unknown as [number, readonly [Codec<never>, Codec<never>]][])

/** Whole frames; the capture of a stream may end inside one. */
function framesOf(hex: string): Uint8Array[] {
  const reader = new JuteReader(fromHex(hex))
  const frames: Uint8Array[] = []
  while (reader.remaining >= 4) {
    const length = reader.readInt()
    if (reader.remaining < length) break
    frames.push(reader.bytes.slice(reader.position, reader.position + length))
    reader.position += length
  }
  return frames
}

function roundTrip<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const value = decode(codec, bytes)
  assert.equal(toHex(encode(codec, value)), toHex(bytes))
  return value
}

test('every frame of the captured conversations makes the same bytes again', () => {
  const seen = new Map<number, number>()
  for (const { requests, replies } of streams) {
    const [hello, ...asked] = framesOf(requests)
    roundTrip(connectRequest, hello)
    const [welcome, ...answered] = framesOf(replies)
    if (welcome === undefined || welcome.length === 16) continue
    roundTrip(connectResponse, welcome)
    const typesByXid = new Map<number, number>()
    for (const bytes of asked) {
      const { xid, type } = roundTrip(requestHeader, bytes.subarray(0, 8))
      roundTrip(codecsByType.get(type)![0], bytes.subarray(8))
      typesByXid.set(xid, type)
      seen.set(type, (seen.get(type) ?? 0) + 1)
    }
    for (const bytes of answered) {
      const { xid, err } = roundTrip(replyHeader, bytes.subarray(0, 16))
      const type = typesByXid.get(xid)
      assert.ok(type !== undefined, `an answer to the request ${xid}, which was not made`)
      roundTrip(err === 0 ? codecsByType.get(type)![1] : nothing, bytes.subarray(16))
    }
  }
  const count = [...seen.values()].reduce((sum, each) => sum + each, 0)
  assert.ok(count >= 40, `${count} requests were seen`)
  assert.ok(seen.size >= 5, `of the types ${[...seen.keys()].join(' ')}`)
})
