import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  authPacket,
  CreateMode,
  createTtlRequest,
  JuteReader,
  OpCode,
  pathWatchRequest,
  reconfigRequest,
  requestHeader,
} from '@quorate/protocol'
import type { Operation } from '../../src/client/operation.ts'
import { encodeOperation } from '../../src/client/operation-codec.ts'

/** The header's type, and a reader of what follows it. */
function sent(operation: Operation): { readonly type: number; readonly body: JuteReader } {
  const body = new JuteReader(encodeOperation(7, operation).subarray(4))
  const { xid, type } = requestHeader.decode(body)
  assert.equal(xid, 7)
  return { type, body }
}

test('a linearizable read is the read in an envelope', () => {
  const { type, body } = sent({ type: 'exists', path: '/x', watch: false, isLinearizable: true })
  assert.equal(type, OpCode.linearizableRead)
  assert.equal(body.readInt(), OpCode.exists)
  assert.deepEqual(pathWatchRequest.decode(body), { path: '/x', watch: false })
  assert.equal(body.remaining, 0)
})

const create = (mode: CreateMode, ttlMs?: number): Operation => ({
  type: 'create',
  path: '/x',
  data: '',
  mode,
  ...(ttlMs === undefined ? {} : { ttlMs }),
})

test('the mode of a create decides what request it is', () => {
  assert.equal(sent(create(CreateMode.persistent)).type, OpCode.create2)
  assert.equal(sent(create(CreateMode.container)).type, OpCode.createContainer)
  const { type, body } = sent(create(CreateMode.persistentWithTtl, 500))
  assert.equal(type, OpCode.createTTL)
  const { flags, ttl } = createTtlRequest.decode(body)
  assert.deepEqual({ flags, ttl }, { flags: CreateMode.persistentWithTtl, ttl: 500 })
})

test('reconfigurations and credentials are sent as text', () => {
  const { body } = sent({ type: 'reconfig', leaving: '3', version: -1 })
  assert.deepEqual(reconfigRequest.decode(body), {
    joiningServers: null,
    leavingServers: '3',
    newMembers: null,
    curConfigId: -1,
  })
  const auth = sent({ type: 'auth', credentials: 'super:x' })
  assert.equal(auth.type, OpCode.auth)
  assert.equal(authPacket.decode(auth.body).scheme, 'digest')
})
