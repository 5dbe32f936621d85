import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createRequest,
  ErrorCode,
  JuteWriter,
  multiRequest,
  openAcl,
  OpCode,
  pathWatchRequest,
} from '@quorate/protocol'
import { TestReplica } from './replica-fixture.ts'

const large = new Uint8Array(1_000_000)

function worldWithLargeNode(): TestReplica {
  const world = new TestReplica()
  const client = world.connectedClient()
  client.ask(OpCode.create, createRequest, { path: '/l', data: large, acl: openAcl, flags: 0 })
  return world
}

test('a burst of large reads stops being served until its peer has taken some', () => {
  const world = worldWithLargeNode()
  const client = world.connectedClient()
  const burst = new JuteWriter()
  for (let i = 0; i < 300; i++) {
    const at = burst.reserve(4)
    burst.writeInt(i + 1)
    burst.writeInt(OpCode.getData)
    pathWatchRequest.encode(burst, { path: '/l', watch: false })
    const end = burst.position
    burst.position = at
    burst.writeInt(end - at - 4)
    burst.position = end
  }
  client.isStuck = true
  world.receive(client, burst.copy())
  assert.equal(client.isClosed, false, 'a client that is merely slow is not cut off')
  assert.ok(client.queuedBytes < 8_000_000, `${client.queuedBytes} bytes wait for the peer`)
  let answered = client.takeReplies().length
  for (let turn = 0; turn < 400 && answered < 300; turn++) {
    client.queuedBytes = 0
    world.replica.drained(client.connection)
    world.endTurn()
    answered += client.takeReplies().length
  }
  assert.equal(answered, 300)
})

test('a multiRead whose answer would be endless is refused', () => {
  const world = worldWithLargeNode()
  const client = world.connectedClient()
  const reads = Array.from({ length: 200 }, () => ({
    type: 4 as const,
    path: '/l',
    watch: false,
  }))
  const reply = client.ask(OpCode.multiRead, multiRequest, reads)
  assert.deepEqual([reply.err, reply.body.length], [ErrorCode.SystemError, 0])
})
