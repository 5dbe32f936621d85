/** Multis byte for byte, as live servers answered them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Codec,
  createRequest,
  decode,
  ErrorCode,
  type JuteWriter,
  type MultiOp,
  multiRequest,
  multiResponse,
  openAcl,
  OpCode,
  Perms,
} from '@quorate/protocol'
import {
  create,
  exists,
  type Reply,
  setData,
  type TestClient,
  TestReplica,
} from './replica-fixture.ts'

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function multi(client: TestClient, ops: readonly MultiOp[], type: number = OpCode.multi): Reply {
  return client.ask(type, multiRequest, ops)
}

const data = Uint8Array.of(0x71)
const plain = { data, acl: openAcl, flags: 0 }
const end = 'ffffffff01ffffffff'
const raw: Codec<(out: JuteWriter) => void> = {
  encode: (out, write) => write(out),
  decode: () => () => {},
}

test('results of all kinds have their headers and bodies', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  create(client, '/a')
  const { body, err } = multi(client, [
    { type: 1, path: '/m1', ...plain },
    { type: 13, path: '/a', version: 0 },
    { type: 5, path: '/a', data, version: -1 },
    { type: 2, path: '/m1', version: -1 },
    { type: 15, path: '/c', ...plain },
    { type: 19, path: '/d', ...plain, flags: 4 },
    { type: 21, path: '/e', ...plain, flags: 5, ttl: 9 },
  ])
  assert.equal(err, ErrorCode.Ok)
  const stat = '[0-9a-f]{136}'
  const expected = [
    '000000010000000000000000032f6d31',
    '0000000d0000000000',
    '000000050000000000' + stat,
    '000000020000000000',
    '0000000f0000000000000000022f63' + stat,
    '0000000f0000000000000000022f64' + stat,
    '0000000f0000000000000000022f65' + stat,
    end,
  ].join('')
  assert.match(hex(body), new RegExp(`^${expected}$`))
})

test('a failure is told for every operation, changes nothing and uses a zxid', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  create(client, '/a')
  create(client, '/a/b')
  const before = world.replica.lastZxid
  const reply = multi(client, [
    { type: 1, path: '/m2', ...plain },
    { type: 13, path: '/a', version: 99 },
    { type: 2, path: '/a/b', version: -1 },
  ])
  assert.equal(reply.zxid, before + 1)
  assert.equal(
    hex(reply.body),
    'ffffffff000000000000000000ffffffff00ffffff99ffffff99ffffffff00fffffffefffffffe' + end,
  )
  assert.equal(exists(client, '/m2').err, ErrorCode.NoNode)
})

test('an empty multi is answered with the terminator', () => {
  const client = new TestReplica().connectedClient()
  assert.equal(hex(multi(client, []).body), end)
  assert.equal(hex(multi(client, [], OpCode.multiRead).body), end)
})

test('reads in a multi, unknown flags and operations that none holds fail the request as a whole', () => {
  const client = new TestReplica().connectedClient()
  create(client, '/a')
  const wrong: readonly (readonly MultiOp[])[] = [
    [{ type: 4, path: '/a', watch: false }],
    [
      { type: 2, path: '/a', version: -1 },
      { type: 8, path: '/a', watch: false },
    ],
    [{ type: 1, path: '/b', ...plain, flags: 7 }],
    [{ type: 1, path: '/b', data, acl: null, flags: 7 }],
  ]
  for (const ops of wrong) assert.equal(multi(client, ops).err, ErrorCode.MarshallingError)
  const foreign = client.ask(OpCode.multi, raw, (out) => {
    out.writeInt(OpCode.exists)
    out.writeBoolean(false)
    out.writeInt(-1)
  })
  assert.equal(foreign.err, ErrorCode.MarshallingError)
  assert.equal(exists(client, '/a').err, ErrorCode.Ok)
  assert.equal(client.isClosed, false)
})

test('a multi that is cut at any byte is refused as a whole', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  const whole = client.frame(OpCode.multi, multiRequest, [
    { type: 1, path: '/a', ...plain },
    { type: 5, path: '/a', data, version: 0 },
  ])
  for (let length = 8; length < whole.length - 4; length++) {
    client.sendFrame(whole.subarray(4, 4 + length))
    const [reply] = client.takeReplies()
    assert.equal(reply.err, ErrorCode.MarshallingError, `${length} bytes`)
  }
  assert.equal(exists(client, '/a').err, ErrorCode.NoNode)
})

test('each read of a multiRead answers for itself, and leaves no watch', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  create(client, '/a', { data })
  create(client, '/a/b')
  create(client, '/locked', {
    acl: [{ perms: Perms.write, id: { scheme: 'world', id: 'anyone' } }],
  })
  const { body, err } = multi(
    client,
    [
      { type: 4, path: '/a', watch: true },
      { type: 8, path: '/zzz', watch: true },
      { type: 4, path: '/locked', watch: true },
      { type: 8, path: '/a', watch: true },
    ],
    OpCode.multiRead,
  )
  assert.equal(err, ErrorCode.Ok)
  const stat = '[0-9a-f]{136}'
  const expected = [
    '0000000400000000000000000171' + stat,
    'ffffffff00ffffff9bffffff9b',
    'ffffffff00ffffff9affffff9a',
    '000000080000000000000000010000000162',
    end,
  ].join('')
  assert.match(hex(body), new RegExp(`^${expected}$`))
  assert.equal(world.replica.view().watchCount, 0)
})

test('sequential names and stats inside a multi are those of their moment', () => {
  const client = new TestReplica().connectedClient()
  create(client, '/q')
  const { body } = multi(client, [
    { type: 1, path: '/q/s-', ...plain, flags: 2 },
    { type: 15, path: '/q/s-', ...plain, flags: 3 },
    { type: 2, path: '/q/s-0000000000', version: -1 },
    { type: 5, path: '/q', data, version: -1 },
    { type: 5, path: '/q', data, version: 1 },
  ])
  const results = decode(multiResponse, body)
  assert.deepEqual(
    results.map((result) =>
      'path' in result ? result.path : 'stat' in result ? result.stat.version : 0,
    ),
    ['/q/s-0000000000', '/q/s-0000000001', 0, 1, 2],
  )
  const last = results[4]
  assert.ok(last.type === 5 && last.stat.cversion === 3 && last.stat.numChildren === 1)
})

test('a single write after a failed multi goes its way', () => {
  const world = new TestReplica()
  const client = world.connectedClient()
  world.isDiskImmediate = false
  const request = { path: '/a', ...plain }
  client.send(OpCode.create, createRequest, request)
  client.send(OpCode.multi, multiRequest, [
    { type: 5, path: '/a', data, version: 0 },
    { type: 1, path: '/b', ...plain },
    { type: 13, path: '/none', version: 0 },
  ])
  client.send(OpCode.create, createRequest, { ...request, path: '/b' })
  world.completeSync()
  world.completeSync()
  world.isDiskImmediate = true
  assert.deepEqual(
    client.takeReplies().map(({ err }) => err),
    [0, 0, 0],
  )
  assert.equal(setData(client, '/a', 'x', 0).err, ErrorCode.Ok)
})
