import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { Capability, OpCode, pathRecord, pathWatchRequest } from '@quorate/protocol'
import { ZooKeeper } from '../src/index.ts'
import { FakeWorld, type SeenRequest } from './support/fake-world.ts'
import { dataBody, pathBody } from './support/records.ts'

let world: FakeWorld
let zk: ZooKeeper

beforeEach(() => {
  world = new FakeWorld()
  zk = new ZooKeeper('a:1/app', {}, world)
})

async function connected(capabilities?: number): Promise<void> {
  zk.connect()
  const request = world.lastLink.accept(capabilities === undefined ? {} : { capabilities })
  assert.equal((request.capabilities ?? 0) & Capability.linearizableReads, 1)
  await world.settle()
}

function typesOf(requests: readonly SeenRequest[]): readonly number[] {
  return requests.map(({ type }) => type)
}

describe('a linearizable read', () => {
  it('is one request where the server knows it', async () => {
    await connected(Capability.linearizableReads)
    const value = zk.get('/a', { read: 'linearizable' })
    const local = zk.get('/a')
    await world.settle()
    const [read, other] = world.lastLink.requests()
    assert.deepEqual(typesOf([read, other]), [OpCode.linearizableRead, OpCode.getData])
    const type = read.body({
      encode: () => assert.fail('only read'),
      decode: (reader) => reader.readInt(),
    })
    assert.deepEqual([type, read.body(pathWatchRequest).path], [OpCode.getData, '/app/a'])
    world.lastLink.reply(read.xid, { body: dataBody('x') })
    world.lastLink.reply(other.xid, { body: dataBody('y') })
    assert.deepEqual([await value, await local], ['x', 'y'])
  })

  it('goes behind a sync where it does not, on each connection', async () => {
    await connected()
    const value = zk.exists('/a', { read: 'linearizable' })
    await world.settle()
    assert.deepEqual(typesOf(world.lastLink.requests()), [OpCode.sync, OpCode.exists])
    world.lastLink.break()
    await world.advance(1000)
    world.lastLink.accept({ capabilities: Capability.linearizableReads })
    await world.settle()
    const requests = world.lastLink.requests()
    const read = requests.find(({ type }) => type === OpCode.linearizableRead)!
    for (const { xid, type } of requests)
      world.lastLink.reply(xid, type === OpCode.sync ? { body: pathBody('/') } : { err: -101 })
    assert.ok(read !== undefined)
    assert.equal(await value, null)
  })

  it('fails with the sync before it', async () => {
    await connected()
    const value = assert.rejects(zk.children('/a', { read: 'linearizable' }), {
      code: 'SystemError',
      path: '/a',
      op: 'getChildren',
      applied: 'no',
    })
    await world.settle()
    const [sync, read] = world.lastLink.requests()
    assert.equal(sync.body(pathRecord).path, '/')
    world.lastLink.reply(sync.xid, { err: -1 })
    await value
    world.lastLink.reply(read.xid, { err: -101 })
    assert.equal(zk.state, 'connected')
  })
})
