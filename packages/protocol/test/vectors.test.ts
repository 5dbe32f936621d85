/**
 * Messages of live Apache ZooKeeper servers (3.8.0 and 3.9) and their clients, captured on the wire and in files: decoded, looked
 * at, and encoded again to the same bytes.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  adler32,
  addWatchRequest,
  authPacket,
  type Codec,
  connectRequest,
  connectResponse,
  crc32,
  createRequest,
  create2Response,
  encode,
  errorResponse,
  getChildren2Response,
  getDataResponse,
  JuteReader,
  JuteWriter,
  type MultiResult,
  multiRequest,
  multiResponse,
  OpCode,
  openAcl,
  pathRecord,
  pathWatchRequest,
  replyHeader,
  requestHeader,
  setAclRequest,
  setDataRequest,
  statResponse,
  txn,
  utf8Decode,
  utf8Encode,
  watcherEvent,
  watchTypeRequest,
  whoAmIResponse,
} from '@quorate/protocol'
import { fromHex, toHex } from './hex.ts'

const nothing: Codec<object> = { encode() {}, decode: () => ({}) }

/** The records of a whole frame, length in front, after checking that they are all of it and make the same bytes again. */
function frame<A, B>(hex: string, first: Codec<A>, second: Codec<B>): readonly [A, B] {
  const bytes = fromHex(hex)
  const reader = new JuteReader(bytes)
  assert.equal(reader.readInt(), bytes.length - 4)
  const head = first.decode(reader)
  const body = second.decode(reader)
  assert.equal(reader.remaining, 0)
  const writer = new JuteWriter()
  writer.writeInt(bytes.length - 4)
  first.encode(writer, head)
  second.encode(writer, body)
  assert.equal(toHex(writer.written()), toHex(bytes))
  return [head, body]
}

const request = <T>(hex: string, codec: Codec<T>): T => frame(hex, requestHeader, codec)[1]
const reply = <T>(hex: string, codec: Codec<T>): T => frame(hex, replyHeader, codec)[1]

test('connecting: a new session, an old client, a refusal', () => {
  const [asked] = frame(
    '0000002d 00000000 0000000000000000 00002710 0000000000000000 00000010 00000000000000000000000000000000 00',
    connectRequest,
    nothing,
  )
  assert.deepEqual([asked.timeOut, asked.sessionId, asked.readOnly], [10_000, 0n, false])
  const [answered] = frame(
    '00000025 00000000 00002710 0100000aee5a0000 00000010 74245717f1ee5f3a720eb2f722db8432 00',
    connectResponse,
    nothing,
  )
  assert.equal(answered.sessionId, 0x0100_000a_ee5a_0000n)
  const [old] = frame(
    '0000002c 00000000 0000000000000000 00002710 0000000000000000 00000010 00000000000000000000000000000000',
    connectRequest,
    nothing,
  )
  assert.equal(old.readOnly, undefined)
  const [refused] = frame(
    '00000025 00000000 00000000 0000000000000000 00000010 00000000000000000000000000000000 00',
    connectResponse,
    nothing,
  )
  assert.deepEqual([refused.timeOut, refused.sessionId], [0, 0n])
  const [isReadOnly] = frame(
    '00000025 00000000 00002710 03000019f24e0000 00000010 f00f9249bd9a572b4e7c8f5dce495091 01',
    connectResponse,
    nothing,
  )
  assert.equal(isReadOnly.readOnly, true)
})

test('create and create2', () => {
  const created = request(
    '00000033 00000001 00000001 00000002 2f61 00000002 6869 00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65 00000000',
    createRequest,
  )
  assert.deepEqual(created, { path: '/a', data: utf8Encode('hi'), acl: openAcl, flags: 0 })
  assert.equal(
    reply('00000016 00000001 0000000000000002 00000000 00000002 2f61', pathRecord).path,
    '/a',
  )
  const empty = request(
    '00000033 00000002 0000000f 00000004 2f612f62 00000000 00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65 00000000',
    createRequest,
  )
  assert.equal(empty.data?.length, 0)
  const { stat } = reply(
    `0000005c 00000002 0000000000000003 00000000 00000004 2f612f62 | 0000000000000003 0000000000000003
     000001a2034f9429 000001a2034f9429 00000000 00000000 00000000 0000000000000000 00000000 00000000 0000000000000003`,
    create2Response,
  )
  assert.deepEqual([stat.czxid, stat.ctime, stat.pzxid], [3, 0x1a2034f9429, 3])
  const withNull = request(
    '00000034 00000006 00000001 00000005 2f6e6f7065 ffffffff 00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65 00000000',
    createRequest,
  )
  assert.equal(withNull.data, null)
})

test('getData with a watch, and setData that fires it', () => {
  assert.deepEqual(request('0000000f 00000003 00000004 00000002 2f61 01', pathWatchRequest), {
    path: '/a',
    watch: true,
  })
  const read = reply(
    `0000005a 00000003 0000000000000003 00000000 00000002 6869 0000000000000002 0000000000000002 000001a2034f9422
     000001a2034f9422 00000000 00000001 00000000 0000000000000000 00000002 00000001 0000000000000003`,
    getDataResponse,
  )
  assert.equal(utf8Decode(read.data!), 'hi')
  assert.equal(read.stat.dataLength, 2)
  assert.equal(
    request('00000019 00000004 00000005 00000002 2f61 00000003 796f21 00000000', setDataRequest)
      .version,
    0,
  )
  const [head, event] = frame(
    '0000001e ffffffff ffffffffffffffff 00000000 00000003 00000003 00000002 2f61',
    replyHeader,
    watcherEvent,
  )
  assert.deepEqual(head, { xid: -1, zxid: -1, err: 0 })
  assert.deepEqual(event, { type: 3, state: 3, path: '/a' })
  const { stat } = reply(
    `00000054 00000004 0000000000000004 00000000 0000000000000002 0000000000000004 000001a2034f9422 000001a2034f942e
     00000001 00000001 00000000 0000000000000000 00000003 00000001 0000000000000003`,
    statResponse,
  )
  assert.equal(stat.version, 1)
})

test('exists on nothing, and getChildren2 of the root', () => {
  request('00000012 00000005 00000003 00000005 2f6e6f7065 01', pathWatchRequest)
  const [absent] = frame('00000010 00000005 0000000000000004 ffffff9b', replyHeader, nothing)
  assert.equal(absent.err, -101)
  const root = reply(
    `00000072 00000008 0000000000000005 00000000 00000003 00000001 61 00000009 7a6f6f6b6565706572 00000004 6e6f7065 |
     0000000000000000 0000000000000000 0000000000000000 0000000000000000 00000000 00000001 00000000 0000000000000000
     00000000 00000003 0000000000000005`,
    getChildren2Response,
  )
  assert.deepEqual(root.children, ['a', 'zookeeper', 'nope'])
  assert.equal(root.stat.cversion, 1)
})

test('a multi that succeeds', () => {
  const asked = request(
    `00000084 00000009 0000000e | 00000001 00 ffffffff 00000003 2f6d31 00000001 78 00000001 0000001f 00000005 776f726c64
     00000006 616e796f6e65 00000000 | 0000000d 00 ffffffff 00000002 2f61 00000001 | 00000005 00 ffffffff 00000002 2f61
     00000001 71 ffffffff | 00000002 00 ffffffff 00000003 2f6d31 ffffffff | ffffffff 01 ffffffff`,
    multiRequest,
  )
  assert.deepEqual(
    asked.map((op) => op.type),
    [1, 13, 5, 2],
  )
  const done = reply(
    `00000088 00000009 0000000000000006 00000000 | 00000001 00 00000000 00000003 2f6d31 | 0000000d 00 00000000 |
     00000005 00 00000000 0000000000000002 0000000000000006 000001a2034f9422 000001a2034f9439 00000002 00000001 00000000
     0000000000000000 00000001 00000001 0000000000000003 | 00000002 00 00000000 | ffffffff 01 ffffffff`,
    multiResponse,
  )
  assert.deepEqual(
    done.map((result) => result.type),
    [1, 13, 5, 2],
  )
})

test('a multi that fails, and a multiRead of which one operation does', () => {
  request(
    `0000006d 0000000a 0000000e | 00000001 00 ffffffff 00000003 2f6d32 00000001 78 00000001 0000001f 00000005 776f726c64
     00000006 616e796f6e65 00000000 | 0000000d 00 ffffffff 00000002 2f61 00000063 | 00000002 00 ffffffff 00000004 2f612f62
     ffffffff | ffffffff 01 ffffffff`,
    multiRequest,
  )
  const failed = reply(
    `00000040 0000000a 0000000000000007 00000000 | ffffffff 00 00000000 00000000 | ffffffff 00 ffffff99 ffffff99 |
     ffffffff 00 fffffffe fffffffe | ffffffff 01 ffffffff`,
    multiResponse,
  )
  assert.deepEqual(
    failed,
    [0, -103, -2].map((err): MultiResult => ({ type: -1, err })),
  )
  const asked = request(
    `00000033 0000000c 00000016 | 00000004 00 ffffffff 00000002 2f61 00 | 00000008 00 ffffffff 00000004 2f7a7a7a 00 |
     ffffffff 01 ffffffff`,
    multiRequest,
  )
  assert.deepEqual(asked[1], { type: 8, path: '/zzz', watch: false })
  const read = reply(
    `00000078 0000000c 0000000000000008 00000000 | 00000004 00 00000000 00000001 71 0000000000000002 0000000000000006
     000001a2034f9422 000001a2034f9439 00000002 00000001 00000000 0000000000000000 00000001 00000001 0000000000000003 |
     ffffffff 00 ffffff9b ffffff9b | ffffffff 01 ffffffff`,
    multiResponse,
  )
  assert.deepEqual(read[1], { type: -1, err: -101 })
})

test('the small ones', () => {
  const [ping] = frame('00000008 fffffffe 0000000b', requestHeader, nothing)
  assert.deepEqual(ping, { xid: -2, type: OpCode.ping })
  const auth = request(
    '00000024 fffffffc 00000064 00000000 00000006 646967657374 0000000a 626f623a736563726574',
    authPacket,
  )
  assert.equal(utf8Decode(auth.auth!), 'bob:secret')
  const who = reply(
    `00000038 0000000d 0000000000000008 00000000 00000002 00000006 646967657374 00000003 626f62 00000002 6970 00000009
     3132372e302e302e31`,
    whoAmIResponse,
  )
  assert.deepEqual(who.clientInfo, [
    { authScheme: 'digest', user: 'bob' },
    { authScheme: 'ip', user: '127.0.0.1' },
  ])
  assert.equal(
    request('00000012 0000000e 0000006a 00000002 2f61 00000001', addWatchRequest).mode,
    1,
  )
  assert.equal(reply('00000014 0000000e 0000000000000008 00000000 00000000', errorResponse).err, 0)
  assert.equal(
    request('00000012 00000013 00000012 00000002 2f61 00000003', watchTypeRequest).type,
    3,
  )
  assert.equal(request('0000000e 00000015 00000009 00000002 2f61', pathRecord).path, '/a')
  const acl = request(
    '00000026 00000017 00000007 00000002 2f61 00000001 0000001f 00000004 61757468 00000000 ffffffff',
    setAclRequest,
  )
  assert.deepEqual(acl.acl, [{ perms: 31, id: { scheme: 'auth', id: '' } }])
  const [close] = frame('00000008 00000019 fffffff5', requestHeader, nothing)
  assert.equal(close.type, OpCode.closeSession)
  const [unknown] = frame('00000010 00000001 ffffffffffffffff fffffffa', replyHeader, nothing)
  assert.deepEqual(unknown, { xid: 1, zxid: -1, err: -6 })
})

const createSession =
  '0100000df56a0000 00000000 0000000100000001 000001a20352124b fffffff6 00002710 00000002 0000000051c6d660'
const transactions = [
  createSession,
  `0100000df56a0000 00000001 0000000100000002 000001a203521261 00000001 00000003 2f7131 00000001 76 00000001 0000001f
   00000005 776f726c64 00000006 616e796f6e65 00 00000001 00000002 0000000196ad60a2`,
  `0100000df56a0000 00000002 0000000100000004 000001a20352129a 0000000e | 00000002 | 00000001 0000002d 000000052f71312f6d
   00000000 00000001 0000001f 00000005776f726c64 00000006616e796f6e65 00 00000001 | ffffffff 00000004 ffffff99 |
   00000002 000000019235e5fa`,
  '0100000df56a0000 00000003 0000000100000005 000001a2035212a2 ffffffff | ffffff9b',
  `0100000df56a0000 00000004 0000000100000006 000001a203521a76 fffffff5 | 00000001 00000003 2f7132 | 00000002
   00000000e4464a71`,
] as const

test('transactions, as a leader proposes them', () => {
  const decoded = transactions.map((hex) => {
    const bytes = fromHex(hex)
    const found = txn.decode(new JuteReader(bytes))
    assert.equal(toHex(encode(txn, found)), toHex(bytes))
    return found
  })
  assert.deepEqual(
    decoded.map(({ header, digest }) => [header.type, digest?.treeDigest]),
    [
      [OpCode.createSession, 0x51c6d660n],
      [OpCode.create, 0x196ad60a2n],
      [OpCode.multi, 0x19235e5fan],
      [OpCode.error, undefined],
      [OpCode.closeSession, 0xe4464a71n],
    ],
  )
  const multi = decoded[2].body
  assert.deepEqual(multi.type === OpCode.multi && multi.txns.map(({ type }) => type), [1, -1])
})

test('a closeSession of before 3.6 has no paths, with or without a digest behind it', () => {
  const head = '0100000df56a0000 00000004 0000000100000006 000001a203521a76 fffffff5'
  for (const digest of ['', '00000002 00000000e4464a71']) {
    const bytes = fromHex(head + digest)
    const found = txn.decode(new JuteReader(bytes))
    assert.deepEqual(found.body, { type: OpCode.closeSession, paths2Delete: undefined })
    assert.equal(found.digest?.treeDigest, digest === '' ? undefined : 0xe4464a71n)
    assert.equal(toHex(encode(txn, found)), toHex(bytes))
  }
})

test('a record of the log is its transaction with an Adler-32 in front', () => {
  const bytes = fromHex(createSession)
  assert.equal(bytes.length, 0x30)
  assert.equal(adler32(1, bytes, 0, bytes.length), 0xafd9093e)
  const second = fromHex(transactions[1])
  assert.equal(second.length, 0x58)
  assert.equal(adler32(1, second, 0, second.length), 0x92c10b4f)
})

/** The 60 bytes of a stat that starts with these. */
function statBytes(hex: string): Uint8Array {
  return fromHex(hex.replaceAll(' ', '').padEnd(120, '0'))
}

test('the digest of a tree is the sum of its nodes’ CRCs', () => {
  const sum = [
    [
      '',
      statBytes(
        '0000000000000000 0000000000000000 0000000100000002 0000000000000000 0000000000000000 00000000 00000001'.replaceAll(
          ' ',
          '',
        ),
      ),
    ],
    ['/zookeeper', statBytes('')],
    [
      '/q1v',
      statBytes(
        '0000000100000002 0000000100000002 0000000100000002 000001a203521261 000001a203521261'.replaceAll(
          ' ',
          '',
        ),
      ),
    ],
  ] as const
  const digest = sum.reduce((total, [content, bytes]) => {
    const whole = Uint8Array.of(...utf8Encode(content), ...bytes)
    return total + BigInt(crc32(0, whole, 0, whole.length))
  }, 0n)
  assert.equal(digest, 0x196ad60a2n)
})
