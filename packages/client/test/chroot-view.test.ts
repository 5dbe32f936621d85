import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import {
  createRequest,
  EventType,
  OpCode,
  pathWatchRequest,
  WatcherType,
  watchTypeRequest,
} from '@quorate/protocol'
import { ZooKeeper } from '../src/index.ts'
import { FakeWorld } from './support/fake-world.ts'
import { dataBody, pathBody } from './support/records.ts'

let world: FakeWorld
let zk: ZooKeeper
let view: ZooKeeper<'json'>

beforeEach(async () => {
  world = new FakeWorld()
  zk = new ZooKeeper('a:1/top', {}, world)
  view = zk.chroot('/app', { codec: 'json' })
  zk.connect()
  world.lastLink.accept()
  await world.settle()
})

describe('a chroot view', () => {
  it('shares the session, below its own root and with its own codec', async () => {
    const created = view.create('/a', { k: 1 })
    await world.settle()
    const [request] = world.lastLink.requests()
    const { path, data } = request.body(createRequest)
    assert.deepEqual([path, String(data && Buffer.from(data))], ['/top/app/a', '{"k":1}'])
    world.lastLink.reply(request.xid, { body: pathBody('/top/app/a') })
    assert.equal(await created, '/a')
    assert.equal(view.sessionId, zk.sessionId)
    assert.equal(world.links.length, 1)
  })

  it('can be made from a view', async () => {
    void view.chroot('/b').get('/c')
    await world.settle()
    assert.equal(world.lastLink.requests()[0].body(pathWatchRequest).path, '/top/app/b/c')
  })

  it('on the root of its origin changes nothing', async () => {
    void zk.chroot('/').get('/c')
    await world.settle()
    assert.equal(world.lastLink.requests()[0].body(pathWatchRequest).path, '/top/c')
    assert.throws(() => zk.chroot('app'), { code: 'BadArguments' })
  })

  it('hears of its own watches, by its own paths, and of the state of the session', async () => {
    const seen: string[] = []
    zk.on('change', ({ path }) => seen.push(`origin ${path}`))
    view.on('change', ({ path }) => seen.push(`view ${path}`))
    view.on('state', ({ state }) => seen.push(state))
    const listener = ({ path }: { readonly path: string }): void => void seen.push(`called ${path}`)
    const reads = [
      view.get('/a', { watch: listener }),
      view.get('/a', { watch: listener }),
      zk.get('/b', { watch: true }),
    ]
    await world.settle()
    for (const { xid } of world.lastLink.requests())
      world.lastLink.reply(xid, { body: dataBody('1') })
    await Promise.all(reads)
    world.lastLink.event(EventType.nodeDataChanged, '/top/app/a')
    await world.settle()
    assert.deepEqual(seen, ['view /a', 'called /a'])

    world.lastLink.event(EventType.nodeDataChanged, '/top/b')
    world.lastLink.break()
    await world.settle()
    assert.deepEqual(seen.slice(2), ['origin /b', 'disconnected'])
  })

  it('ends alone when it is closed: its streams and its calls, and not the session', async () => {
    const changes = view.watch('/a')
    const next = changes.next()
    await world.settle()
    world.lastLink.reply(world.lastLink.requests()[0].xid, { body: new Uint8Array(4) })
    const closed = view.close()
    await world.settle()
    const [removal] = world.lastLink.requests()
    assert.equal(removal.type, OpCode.removeWatches)
    world.lastLink.reply(removal.xid)
    await closed
    assert.deepEqual(await next, { done: true, value: undefined })
    await assert.rejects(view.get('/a'), { code: 'Closed' })
    await assert.rejects(view.addAuth('digest', 'x'), { code: 'Closed' })
    assert.equal(zk.state, 'connected')

    const get = zk.get('/a')
    await world.settle()
    world.lastLink.reply(world.lastLink.requests()[0].xid, { body: dataBody('x') })
    assert.equal(await get, 'x')
  })

  it('takes its other watches away when it is closed, and leaves those of its origin', async () => {
    const seen: string[] = []
    zk.on('change', ({ path }) => seen.push(path))
    const reads = [
      view.get('/a', { watch: true }),
      view.get('/b', { watch: true }),
      zk.chroot('/app', { codec: 'json' }).get('/b', { watch: ({ path }) => seen.push(path) }),
    ]
    await world.settle()
    for (const { xid } of world.lastLink.requests())
      world.lastLink.reply(xid, { body: dataBody('1') })
    await Promise.all(reads)
    const closed = view.close()
    await world.settle()
    const removals = world.lastLink.requests()
    assert.deepEqual(
      removals.map((request) => request.body(watchTypeRequest)),
      [{ path: '/top/app/a', type: WatcherType.data }],
    )
    for (const { xid } of removals) world.lastLink.reply(xid)
    await closed
    world.lastLink.event(EventType.nodeDataChanged, '/top/app/b')
    await world.settle()
    assert.deepEqual(seen, ['/b'])
  })

  it('ends with the session', async () => {
    const closed = zk.close()
    await assert.rejects(view.get('/a'), { code: 'Closed' })
    await world.settle()
    world.lastLink.reply(world.lastLink.requests()[0].xid)
    await closed
    assert.equal(view.state, 'closed')
  })
})
