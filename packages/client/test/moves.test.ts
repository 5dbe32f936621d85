import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { EventType, OpCode, pathWatchRequest, utf8Encode } from '@quorate/protocol'
import { ZooKeeper } from '../src/index.ts'
import { FakeWorld } from './support/fake-world.ts'
import { dataBody, statBody } from './support/records.ts'

const timeout = 30_000

let world: FakeWorld

beforeEach(() => {
  world = new FakeWorld()
})

function membership(version: number, ...hosts: readonly string[]): Uint8Array {
  const lines = hosts.map((host, i) => `server.${i + 1}=${host}:2888:3888:participant;2181`)
  return dataBody([...lines, `version=${version.toString(16)}`].join('\n'))
}

async function answerConfig(config: Uint8Array): Promise<void> {
  await world.settle()
  const read = world.lastLink.requests().find((request) => request.type === OpCode.getData)
  assert.ok(read !== undefined)
  const { path, watch } = read.body(pathWatchRequest)
  assert.deepEqual([path, watch], ['/zookeeper/config', true])
  world.lastLink.reply(read.xid, { body: config })
  await world.settle()
}

describe('a client that follows the configuration', () => {
  let zk: ZooKeeper
  let states: string[]

  async function start(servers: string, config: Uint8Array): Promise<void> {
    zk = new ZooKeeper(servers, { timeout, followConfig: true }, world)
    states = []
    zk.on('state', ({ state }) => states.push(state))
    zk.connect()
    world.lastLink.accept()
    await world.settle()
    await answerConfig(config)
  }

  it('goes over to members that it was not told of when its own server leaves', async () => {
    await start('one', membership(1, 'one'))
    world.lastLink.event(EventType.nodeDataChanged, '/zookeeper/config')
    await answerConfig(membership(2, 'two'))
    assert.deepEqual(world.lastLink.server, { host: 'two', port: 2181 })
    const { sessionId } = world.lastLink.accept()
    assert.equal(sessionId, zk.sessionId)
    await world.settle()
    assert.deepEqual(states, ['connecting', 'connected', 'disconnected', 'connected'])
  })

  it('stays when nothing has changed, and when a server is behind', async () => {
    await start('one', membership(2, 'one'))
    world.lastLink.event(EventType.nodeDataChanged, '/zookeeper/config')
    await answerConfig(membership(1, 'two'))
    assert.equal(zk.state, 'connected')
    assert.equal(world.links.length, 1)
  })

  it('cuts off no call: it leaves when the answers are there, and later calls wait', async () => {
    await start('one', membership(1, 'one'))
    world.lastLink.event(EventType.nodeDataChanged, '/zookeeper/config')
    await world.settle()
    const set = zk.set('/a', 'x')
    await world.settle()
    const requests = world.lastLink.requests()
    assert.deepEqual(
      requests.map(({ type }) => type),
      [OpCode.getData, OpCode.setData],
    )
    world.lastLink.reply(requests[0].xid, { body: membership(2, 'two') })
    await world.settle()
    const get = zk.get('/a')
    await world.settle()
    assert.deepEqual(world.lastLink.requests(), [])
    assert.equal(zk.state, 'connected')

    world.lastLink.reply(requests[1].xid, { body: statBody })
    assert.equal((await set).version, 5)
    assert.equal(world.lastLink.server.host, 'two')
    world.lastLink.accept()
    await world.settle()
    const read = world.lastLink.requests().findLast(({ type }) => type === OpCode.getData)
    const late = world.lastLink
    late.reply(read!.xid - 1, { body: dataBody('x') })
    assert.equal(await get, 'x')
  })

  it('keeps its list when the configuration names no client ports, or may not be read', async () => {
    await start('one', dataBody('server.1=one:2888:3888:participant\nversion=1'))
    assert.equal(zk.state, 'connected')
    world.lastLink.event(EventType.nodeDataChanged, '/zookeeper/config')
    await world.settle()
    world.lastLink.reply(world.lastLink.requests()[0].xid, { err: -102 })
    await world.settle()
    assert.equal(zk.state, 'connected')
    assert.equal(world.links.length, 1)
  })
})

describe('a session on a server that is cut off from its ensemble', () => {
  let zk: ZooKeeper

  beforeEach(async () => {
    zk = new ZooKeeper('a,b', { timeout, readOnly: true }, world)
    zk.connect()
    world.lastLink.accept({ id: 1n, readOnly: true })
    await world.settle()
  })

  /** The link that the search opened last, with its question. */
  async function asked(): Promise<FakeWorld['lastLink']> {
    const link = world.lastLink
    assert.equal(zk.isReadOnly, true)
    link.connect()
    await world.settle()
    assert.deepEqual(link.writes.at(-1), utf8Encode('isro'))
    return link
  }

  it('looks for one that takes changes, with pauses that grow, and goes there', async () => {
    await world.advance(100)
    const first = await asked()
    first.receive(utf8Encode('ro'))
    await world.advance(199)
    assert.equal(world.links.length, 2)
    await world.advance(1)
    const second = await asked()
    assert.notEqual(second.server.host, first.server.host)
    second.receive(utf8Encode('r'), utf8Encode('w'))
    await world.settle()
    assert.ok(first.isClosed && second.isClosed)

    assert.equal(world.lastLink.server.host, second.server.host)
    const { sessionId } = world.lastLink.accept({ id: 2n })
    assert.equal(sessionId, 0n, 'no other server knows the session of one that is cut off')
    await world.settle()
    assert.deepEqual([zk.isReadOnly, zk.sessionId, zk.state], [false, 2n, 'connected'])
    await world.advance(timeout / 4)
    assert.equal(world.links.length, 4)
  })

  it('goes on looking when a server does not answer, and when it cannot be reached', async () => {
    await world.advance(100)
    const silent = await asked()
    await world.advance(1000)
    assert.ok(silent.isClosed)
    await world.advance(200)
    world.lastLink.break(new Error('refused'))
    await world.advance(400)
    const third = await asked()
    third.receive(utf8Encode('rw'))
    await world.settle()
    world.lastLink.accept({ id: 2n })
    assert.equal(zk.isReadOnly, false)
  })

  it('stops looking when it ends', async () => {
    await world.advance(100)
    const search = await asked()
    const closed = zk.close({ deadlineMs: 10 })
    await world.advance(10)
    await closed
    assert.ok(search.isClosed)
    assert.equal(world.alarmCount, 0)
  })
})

it('a session of the whole ensemble stays what it is on a server that is cut off', async () => {
  const other = new ZooKeeper('a,b', { timeout, readOnly: true }, world)
  other.connect()
  world.lastLink.accept({ id: 7n })
  world.lastLink.break()
  await world.advance(100)
  world.lastLink.accept({ id: 7n, readOnly: true })
  world.lastLink.break()
  await world.advance(100)
  assert.equal(world.lastLink.accept({ id: 7n }).sessionId, 7n)
})
