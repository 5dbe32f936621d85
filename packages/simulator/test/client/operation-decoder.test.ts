import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  create2Response,
  CreateMode,
  encode,
  ErrorCode,
  OpCode,
  pathRecord,
  WatcherType,
} from '@quorate/protocol'
import type { Operation } from '../../src/client/operation.ts'
import { encodeOperation } from '../../src/client/operation-codec.ts'
import { decodeReply, decodeRequest } from '../../src/client/operation-decoder.ts'
import { statOf } from '../checkers/wrong-history.ts'

const create = { type: 'create', path: '/x', data: 'text', mode: CreateMode.ephemeral } as const
const setData = { type: 'setData', path: '/x', data: 'text', version: 3 } as const
const watches = {
  data: ['/d'],
  exist: ['/e'],
  child: ['/c'],
  persistent: ['/p'],
  recursive: ['/r'],
}

const operations: readonly Operation[] = [
  create,
  { ...create, mode: CreateMode.container },
  { ...create, mode: CreateMode.persistentWithTtl, ttlMs: 700 },
  setData,
  { type: 'delete', path: '/x', version: -1 },
  { type: 'getData', path: '/x', watch: true },
  { type: 'exists', path: '/x', watch: false },
  { type: 'getChildren', path: '/x', watch: true },
  { type: 'sync', path: '/x' },
  { type: 'addWatch', path: '/x', isRecursive: true },
  { type: 'removeWatches', path: '/x', kind: WatcherType.any },
  {
    type: 'multi',
    operations: [create, setData, { type: 'check', path: '/y', version: 1 }],
  },
  { type: 'multiRead', paths: ['/x', '/y'] },
  { type: 'setWatches', relativeZxid: 9, watches },
  { type: 'reconfig', joining: 'server.1=a:1:2;3', version: -1 },
  { type: 'ping' },
  { type: 'closeSession' },
]

for (const operation of operations) {
  test(`what is sent for a ${operation.type} is read back as it was asked for`, () => {
    const request = decodeRequest(encodeOperation(7, operation).subarray(4))
    assert.equal(request.xid, 7)
    assert.deepEqual(request.operation, operation)
  })
}

test('a linearizable read is read back out of its envelope, and answered as the read itself', () => {
  const operation: Operation = { type: 'getData', path: '/x', watch: false, isLinearizable: true }
  const request = decodeRequest(encodeOperation(7, operation).subarray(4))
  assert.deepEqual(request, { xid: 7, code: OpCode.getData, operation })
})

test('credentials are no operation that a state answers', () => {
  const frame = encodeOperation(7, { type: 'auth', credentials: 'a:b' }).subarray(4)
  assert.deepEqual(decodeRequest(frame), { xid: 7, code: OpCode.auth, operation: undefined })
})

test('the reply to a create holds a Stat if the request asked for one', () => {
  const stat = statOf({ version: ErrorCode.Ok })
  const old = { xid: 1, code: OpCode.create, operation: create }
  assert.deepEqual(decodeReply(old, encode(pathRecord, { path: '/x' })), { path: '/x' })
  const created = { path: '/x', stat }
  const asked = { ...old, code: OpCode.create2 }
  assert.deepEqual(decodeReply(asked, encode(create2Response, created)), created)
})
