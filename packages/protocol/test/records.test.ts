/** Every record comes back as it was, and no bytes make its codec throw anything but a JuteError. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  aclList,
  addWatchRequest,
  authPacket,
  type Codec,
  connectRequest,
  connectResponse,
  createRequest,
  create2Response,
  createTtlRequest,
  decode,
  encode,
  errorResponse,
  getAclResponse,
  getAllChildrenNumberResponse,
  getChildren2Response,
  getChildrenResponse,
  getDataResponse,
  getEphemeralsRequest,
  getEphemeralsResponse,
  JuteError,
  multiRequest,
  multiResponse,
  pathRecord,
  pathVersionRequest,
  pathWatchRequest,
  reconfigRequest,
  replyHeader,
  requestHeader,
  saslToken,
  setAclRequest,
  setDataRequest,
  setWatches2Request,
  setWatchesRequest,
  stat,
  statLength,
  statPersisted,
  statPersistedLength,
  statResponse,
  txn,
  txnDigest,
  txnDigestLength,
  txnHeader,
  txnHeaderLength,
  watcherEvent,
  watchTypeRequest,
  whoAmIResponse,
} from '@quorate/protocol'
import * as fc from 'fast-check'
import * as any from './arbitraries.ts'

const { acls, bits, data, int, long, object, session, text, texts } = any
const maybeText = fc.option(text)
const readOnly = fc.option(fc.boolean(), { nil: undefined })
const createFields = { path: text, data, acl: acls, flags: int }
const watchFields = {
  relativeZxid: long,
  dataWatches: texts,
  existWatches: texts,
  childWatches: texts,
}
const persistedFields = {
  czxid: long,
  mzxid: long,
  ctime: long,
  mtime: long,
  version: int,
  cversion: int,
  aversion: int,
  ephemeralOwner: bits,
  pzxid: long,
}

interface Case {
  readonly name: string
  readonly codec: Codec<unknown>
  readonly values: fc.Arbitrary<unknown>
}

function record<T>(name: string, codec: Codec<T>, values: fc.Arbitrary<T>): Case {
  return { name, codec, values }
}

const cases: readonly Case[] = [
  record('aclList', aclList, acls),
  record(
    'connectRequest',
    connectRequest,
    object({
      protocolVersion: int,
      lastZxidSeen: long,
      timeOut: int,
      sessionId: session,
      passwd: data,
      readOnly,
    }),
  ),
  record(
    'connectResponse',
    connectResponse,
    object({ protocolVersion: int, timeOut: int, sessionId: session, passwd: data, readOnly }),
  ),
  record('requestHeader', requestHeader, object({ xid: int, type: int })),
  record('replyHeader', replyHeader, object({ xid: int, zxid: long, err: int })),
  record('createRequest', createRequest, object(createFields)),
  record('createTtlRequest', createTtlRequest, object({ ...createFields, ttl: long })),
  record('pathVersionRequest', pathVersionRequest, object({ path: text, version: int })),
  record('pathWatchRequest', pathWatchRequest, object({ path: text, watch: fc.boolean() })),
  record('setDataRequest', setDataRequest, object({ path: text, data, version: int })),
  record('setAclRequest', setAclRequest, object({ path: text, acl: acls, version: int })),
  record('pathRecord', pathRecord, object({ path: text })),
  record(
    'reconfigRequest',
    reconfigRequest,
    object({
      joiningServers: maybeText,
      leavingServers: maybeText,
      newMembers: maybeText,
      curConfigId: long,
    }),
  ),
  record('addWatchRequest', addWatchRequest, object({ path: text, mode: int })),
  record('watchTypeRequest', watchTypeRequest, object({ path: text, type: int })),
  record('setWatchesRequest', setWatchesRequest, object(watchFields)),
  record(
    'setWatches2Request',
    setWatches2Request,
    object({ ...watchFields, persistentWatches: texts, persistentRecursiveWatches: texts }),
  ),
  record('authPacket', authPacket, object({ type: int, scheme: text, auth: data })),
  record('getEphemeralsRequest', getEphemeralsRequest, object({ prefixPath: maybeText })),
  record('saslToken', saslToken, object({ token: data })),
  record('create2Response', create2Response, object({ path: text, stat: any.stat })),
  record('statResponse', statResponse, object({ stat: any.stat })),
  record('getDataResponse', getDataResponse, object({ data, stat: any.stat })),
  record('getAclResponse', getAclResponse, object({ acl: acls, stat: any.stat })),
  record('getChildrenResponse', getChildrenResponse, object({ children: texts })),
  record('getChildren2Response', getChildren2Response, object({ children: texts, stat: any.stat })),
  record('getEphemeralsResponse', getEphemeralsResponse, object({ ephemerals: texts })),
  record(
    'getAllChildrenNumberResponse',
    getAllChildrenNumberResponse,
    object({ totalNumber: int }),
  ),
  record('errorResponse', errorResponse, object({ err: int })),
  record(
    'whoAmIResponse',
    whoAmIResponse,
    object({ clientInfo: fc.array(object({ authScheme: text, user: text })) }),
  ),
  record('watcherEvent', watcherEvent, object({ type: int, state: int, path: text })),
  record('stat', stat, any.stat),
  record('statPersisted', statPersisted, object(persistedFields)),
  record('multiRequest', multiRequest, fc.array(any.multiOp, { maxLength: 5 })),
  record('multiResponse', multiResponse, fc.array(any.multiResult, { maxLength: 5 })),
  record(
    'txnHeader',
    txnHeader,
    object({ clientId: session, cxid: int, zxid: long, time: long, type: int }),
  ),
  record('txnDigest', txnDigest, object({ version: int, treeDigest: bits })),
  record('txn', txn, any.anyTxn),
]

/** Records whose last field may be missing: cut bytes may be another, shorter record. */
const hasOptionalEnd = new Set(['connectRequest', 'connectResponse', 'txn'])

for (const { name, codec, values } of cases) {
  test(`${name}: values come back, cut bytes and garbage are refused with a JuteError`, () => {
    fc.assert(
      fc.property(values, fc.nat(), (value, cut) => {
        const bytes = encode(codec, value)
        assert.deepEqual(decode(codec, bytes), value)
        if (bytes.length === 0 || hasOptionalEnd.has(name)) return
        const short = bytes.subarray(0, cut % bytes.length)
        assert.throws(() => decode(codec, short), JuteError)
      }),
      { numRuns: name === 'txn' ? 1_000 : 60 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          decode(codec, bytes)
        } catch (error) {
          assert.ok(error instanceof JuteError, String(error))
        }
      }),
      { numRuns: 60 },
    )
  })
}

test('bytes behind a record are ignored', () => {
  const bytes = encode(pathRecord, { path: '/a' })
  assert.deepEqual(decode(pathRecord, Uint8Array.of(...bytes, 1, 2, 3)), { path: '/a' })
})

test('a null string where one must stand is refused, a null vector is none', () => {
  assert.throws(() => decode(pathRecord, Uint8Array.of(255, 255, 255, 255)), { code: 'JUTE_NULL' })
  assert.deepEqual(decode(getChildrenResponse, Uint8Array.of(255, 255, 255, 255)), { children: [] })
})

test('a vector’s count alone takes no memory', () => {
  const bytes = Uint8Array.of(0x7f, 255, 255, 255, 0, 0, 0, 0)
  assert.throws(() => decode(getChildrenResponse, bytes), { code: 'JUTE_TRUNCATED' })
})

test('a multi of an operation that it cannot hold is refused', () => {
  const bytes = Uint8Array.of(0, 0, 0, 9, 0, 255, 255, 255, 255)
  assert.throws(() => decode(multiRequest, bytes), { code: 'JUTE_UNKNOWN_TYPE' })
  assert.throws(() => decode(multiResponse, bytes), { code: 'JUTE_UNKNOWN_TYPE' })
})

test('lengths of fixed records are what their constants say', () => {
  const [value] = fc.sample(any.stat, 1)
  assert.equal(encode(stat, value).length, statLength)
  assert.equal(encode(statPersisted, value).length, statPersistedLength)
  const header = { clientId: 1n as never, cxid: 0, zxid: 0, time: 0, type: 0 }
  assert.equal(encode(txnHeader, header).length, txnHeaderLength)
  assert.equal(encode(txnDigest, { version: 2, treeDigest: 0n }).length, txnDigestLength)
})
