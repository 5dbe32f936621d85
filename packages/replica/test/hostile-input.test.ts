/** Bytes that no client should send: they end their own connection at most, and never the server. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  connectRequest,
  createRequest,
  encode,
  ErrorCode,
  OpCode,
  type SessionId,
} from '@quorate/protocol'
import * as fc from 'fast-check'
import { create, createDefaults, exists, joined, noRecord, TestReplica } from './replica-fixture.ts'

test('a frame that is negative, empty or too large ends the connection without a reply', () => {
  const world = new TestReplica({ juteMaxBuffer: 1_000 })
  for (const length of [
    [255, 255, 255, 255],
    [128, 0, 0, 0],
    [0, 0, 0, 0],
    [0, 0, 3, 233],
    [127, 255, 255, 255],
  ]) {
    for (const client of [world.client(), world.connectedClient()]) {
      client.sendRaw(Uint8Array.from(length))
      assert.equal(client.isClosed, true)
      assert.deepEqual(client.takeFrames(), [])
    }
  }
  const client = world.connectedClient()
  const data = new Uint8Array(1_000 - 8 - 10 - 31 - 1)
  const frame = client.frame(OpCode.create, createRequest, { path: '/a', ...createDefaults, data })
  assert.ok(frame.length <= 1_004)
  client.sendRaw(frame)
  assert.equal(client.takeReplies()[0].err, ErrorCode.Ok)
})

test('a frame too short for its header ends the connection', () => {
  for (let length = 1; length < 8; length++) {
    const client = new TestReplica().connectedClient()
    client.sendFrame(new Uint8Array(length))
    assert.equal(client.isClosed, true)
    assert.deepEqual(client.takeFrames(), [])
  }
})

test('a ConnectRequest that is cut short ends the connection', () => {
  const whole = encode(connectRequest, {
    protocolVersion: 0,
    lastZxidSeen: 0,
    timeOut: 1,
    sessionId: 0n as SessionId,
    passwd: new Uint8Array(16),
    readOnly: undefined,
  })
  const world = new TestReplica()
  for (let length = 1; length < whole.length; length++) {
    const client = world.client()
    client.sendFrame(whole.subarray(0, length))
    assert.equal(client.isClosed, true)
    assert.deepEqual(client.takeFrames(), [])
  }
  assert.equal(world.replica.view().sessionCount, 0)
})

test('the frames of a stream are the same wherever it is cut', () => {
  const asker = new TestReplica().connectedClient()
  const bytes = joined(
    asker.frame(OpCode.create, createRequest, { path: '/a', ...createDefaults }),
    asker.frame(OpCode.whoAmI, noRecord, {}),
    asker.frame(OpCode.create, createRequest, { path: '/a/b', ...createDefaults, flags: 1 }),
  )
  for (let cut = 1; cut < bytes.length; cut++) {
    const client = new TestReplica().connectedClient()
    client.sendRaw(bytes.subarray(0, cut))
    client.sendRaw(bytes.subarray(cut))
    assert.deepEqual(
      client.takeReplies().map(({ err }) => err),
      [0, 0, 0],
    )
  }
})

test('garbage inside frames is answered or ends the connection; others and the tree go on', () => {
  const types = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 14, 15, 16, 17, 18, 19, 21, 22, 100, 101, 102, 103, 104, 105,
    106, 107, -11, 0, 10, 13, 20, 23, -1, -10, 500,
  ]
  const frame = fc.tuple(
    fc.constantFrom(...types),
    fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .array(fc.constantFrom(0, 0, 0, 1, 2, 47, 97, 255), { maxLength: 60 })
        .map((list) => Uint8Array.from(list)),
    ),
  )
  const world = new TestReplica()
  const witness = world.connectedClient()
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), (frames) => {
      const client = world.connectedClient()
      let answered = 0
      for (const [type, body] of frames) {
        if (client.isClosed) break
        const header = new Uint8Array(8)
        new DataView(header.buffer).setInt32(0, 7)
        new DataView(header.buffer).setInt32(4, type)
        client.sendFrame(joined(header, body))
        const replies = client.takeReplies().filter(({ xid }) => xid !== -1)
        answered += replies.length
        assert.ok(client.isClosed || replies.length === 1, `type ${type}`)
      }
      assert.ok(answered <= frames.length)
      client.close()
      world.endTurn()
      assert.equal(exists(witness, '/').err, ErrorCode.Ok)
    }),
    { numRuns: 400 },
  )
  assert.equal(create(witness, '/after').err, ErrorCode.Ok)
})

test('garbage as a whole stream ends its connection at the worst', () => {
  const world = new TestReplica()
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }),
      fc.boolean(),
      (chunks, hasSession) => {
        const client = hasSession ? world.connectedClient() : world.client()
        for (const chunk of chunks) if (!client.isClosed) client.sendRaw(chunk)
        client.close()
        world.endTurn()
      },
    ),
    { numRuns: 400 },
  )
  assert.equal(create(world.connectedClient(), '/after').err, ErrorCode.Ok)
})
