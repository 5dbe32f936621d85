import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode, OpCode, utf8Encode } from '@quorate/protocol'
import { IntField } from '../src/node-store.ts'
import { sequenceSuffix } from '../src/sequential-path.ts'
import { decodeTxn, findNode, Leader, picture } from './tree-fixture.ts'
import { openList } from './tree-steps.ts'

test('a sequence number has ten characters at least, the sign among them', () => {
  assert.equal(sequenceSuffix(0), '0000000000')
  assert.equal(sequenceSuffix(2_147_483_647), '2147483647')
  assert.equal(sequenceSuffix(-1), '-000000001')
  assert.equal(sequenceSuffix(-2_147_483_648), '-2147483648')
})

test('numbers go on below zero after the last one, on leader and follower', () => {
  const leader = new Leader()
  const nodes = leader.tree.nodes
  const context = { session: 1n, timeMs: 1, identities: [] }
  leader.prepare({ type: OpCode.create, path: '/p', acl: openList }, { ...context, zxid: 1 })
  leader.apply()
  nodes.setInt(findNode(leader.tree, '/p'), IntField.cversion, 0x7fff_ffff)
  leader.preparer = new Leader(leader.tree).preparer
  const paths = [2, 3, 4].map((zxid) => {
    const op = { type: OpCode.create2, path: '/p/s-', acl: openList, flags: 2 }
    const { err, proposed } = leader.prepare(op, { ...context, zxid })
    assert.equal(err, ErrorCode.Ok)
    const { body } = decodeTxn(proposed.bytes)
    return body.type === OpCode.create2 ? body.path : ''
  })
  assert.deepEqual(paths, ['/p/s-2147483647', '/p/s--2147483648', '/p/s--2147483647'])
  leader.apply()
  assert.equal(picture(leader.tree).get('/p')!.cversion, -2_147_483_646)
  assert.ok(paths.every((path) => findNode(leader.tree, path) !== -1))
})

test('a number that is taken by hand is an error, not a retry', () => {
  const leader = new Leader()
  const context = { session: 1n, timeMs: 1, identities: [] }
  leader.prepare(
    { type: OpCode.create, path: '/s-0000000001', acl: openList, data: utf8Encode('x') },
    { ...context, zxid: 1 },
  )
  const op = { type: OpCode.create, path: '/s-', acl: openList, flags: 2 }
  assert.equal(leader.prepare(op, { ...context, zxid: 2 }).err, ErrorCode.NodeExists)
})
