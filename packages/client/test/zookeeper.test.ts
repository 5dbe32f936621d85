import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import {
  type Codec,
  createRequest,
  createTtlRequest,
  encode,
  EventType,
  multiRequest,
  multiResponse,
  OpCode,
  pathVersionRequest,
  pathWatchRequest,
  setDataRequest,
  watchTypeRequest,
} from '@quorate/protocol'
import { ZooKeeper } from '../src/index.ts'
import { FakeWorld } from './support/fake-world.ts'
import { childrenBody, dataBody, pathBody, someStat, statBody } from './support/records.ts'

let world: FakeWorld
let zk: ZooKeeper

beforeEach(async () => {
  world = new FakeWorld()
  zk = new ZooKeeper('a:1/app', {}, world)
  zk.connect()
  world.lastLink.accept()
  await world.settle()
})

/** The next request, decoded, with its answer sent. */
async function answered<T>(
  codec: Codec<T>,
  body: Uint8Array,
  err = 0,
): Promise<T & { opType: number }> {
  await world.settle()
  const [request] = world.lastLink.requests()
  const record = request.body(codec)
  world.lastLink.reply(request.xid, { body, err })
  return { ...record, opType: request.type }
}

describe('paths', () => {
  it('are below the chroot on the wire and without it here', async () => {
    const created = zk.create('/a-', 'x', { sequential: true })
    const request = await answered(createRequest, pathBody('/app/a-0000000001'))
    assert.equal(request.path, '/app/a-')
    assert.equal(await created, '/a-0000000001')

    const children = zk.children('/')
    assert.equal((await answered(pathWatchRequest, childrenBody('x'))).path, '/app')
    assert.deepEqual(await children, ['x'])
  })

  it('are checked before they are sent, and the promise is rejected', async () => {
    for (const path of ['', 'a', '/a/', '//', '/a/../b', '/\u0001', 7 as never])
      await assert.rejects(zk.get(path), { code: 'BadArguments' })
    await assert.rejects(zk.create('/a/'), { code: 'BadArguments' })
    await world.settle()
    assert.deepEqual(world.lastLink.requests(), [])
  })
})

describe('create', () => {
  it('asks by the op code that the mode needs', async () => {
    const plain = zk.create('/a', 'x', { ephemeral: true })
    assert.equal((await answered(createRequest, pathBody('/app/a'))).opType, OpCode.create)
    await plain

    const ttl = zk.create('/a', 'x', { ttl: 5000 })
    const request = await answered(createTtlRequest, Buffer.concat([pathBody('/app/a'), statBody]))
    assert.deepEqual([request.opType, request.ttl, request.flags], [OpCode.createTTL, 5000, 5])
    assert.equal(await ttl, '/a')

    const container = zk.createWithStat('/a', 'x', { container: true })
    const body = Buffer.concat([pathBody('/app/a'), statBody])
    assert.equal((await answered(createRequest, body)).opType, OpCode.createContainer)
    assert.deepEqual(await container, { path: '/a', stat: someStat })
  })

  it('rejects with the code, the path and the request', async () => {
    const created = assert.rejects(zk.create('/a'), {
      code: 'NodeExists',
      path: '/a',
      op: 'create',
      applied: 'no',
      retryable: false,
      message: 'NodeExists: /a exists already.',
    })
    await answered(createRequest, new Uint8Array(0), -110)
    await created
  })
})

describe('set and delete', () => {
  it('send the version, or any', async () => {
    const set = zk.set('/a', 'x', { version: 3 })
    assert.equal((await answered(setDataRequest, statBody)).version, 3)
    assert.equal((await set).version, 5)
    const deleted = zk.delete('/a')
    assert.equal((await answered(pathVersionRequest, new Uint8Array(0))).version, -1)
    assert.equal(await deleted, undefined)
  })
})

describe('a watch', () => {
  it('is told to the function of the call and to the listeners of change', async () => {
    const seen: string[] = []
    const stop = zk.on('change', ({ type, path }) => seen.push(`emitted ${type} ${path}`))
    const got = zk.get('/a', { watch: ({ path }) => seen.push(`called ${path}`) })
    await answered(pathWatchRequest, dataBody('x'))
    await got
    world.lastLink.event(EventType.nodeDataChanged, '/app/a')
    world.lastLink.event(EventType.nodeDataChanged, '/app/a')
    await world.settle()
    assert.deepEqual(seen, ['emitted nodeDataChanged /a', 'called /a'])
    stop()
  })

  it('is not set by a read that fails, but is by an exists without a node', async () => {
    const seen: string[] = []
    zk.on('change', ({ type }) => seen.push(type))
    const got = assert.rejects(zk.get('/a', { watch: true }), { code: 'NoNode' })
    await answered(pathWatchRequest, new Uint8Array(0), -101)
    await got
    world.lastLink.event(EventType.nodeCreated, '/app/a')
    const missing = zk.exists('/a', { watch: true })
    await answered(pathWatchRequest, new Uint8Array(0), -101)
    assert.equal(await missing, null)
    world.lastLink.event(EventType.nodeCreated, '/app/a')
    await world.settle()
    assert.deepEqual(seen, ['nodeCreated'])
  })

  it('is told to be gone when it is removed', async () => {
    const seen: string[] = []
    zk.on('change', ({ type, path }) => seen.push(`${type} ${path}`))
    const children = zk.children('/a', { watch: true })
    await answered(pathWatchRequest, childrenBody())
    await children
    const removed = zk.removeWatches('/a', { type: 'children' })
    assert.equal((await answered(watchTypeRequest, new Uint8Array(0))).type, 1)
    await removed
    assert.deepEqual(seen, ['childWatchRemoved /a'])
  })

  it('of a stream is taken from an old server by the type that it knows', async () => {
    const stream = zk.watch('/a')
    await world.settle()
    world.lastLink.reply(world.lastLink.requests()[0].xid, { body: new Uint8Array(4) })
    const left = stream.return()
    assert.equal((await answered(watchTypeRequest, new Uint8Array(0), -5)).type, 4)
    assert.equal((await answered(watchTypeRequest, new Uint8Array(0))).type, 3)
    await left
  })

  it('on an impossible path fails its stream', async () => {
    await assert.rejects(zk.watch('a').next(), { code: 'BadArguments' })
  })
})

describe('a transaction', () => {
  it('gives each result in its place', async () => {
    const committed = zk
      .transaction()
      .create('/a', 'x')
      .set('/b', 'y', { version: 1 })
      .delete('/c')
      .check('/d', 2)
      .commit()
    await world.settle()
    const [request] = world.lastLink.requests()
    assert.deepEqual(
      request.body(multiRequest).map(({ type, path }) => [type, path]),
      [
        [OpCode.create, '/app/a'],
        [OpCode.setData, '/app/b'],
        [OpCode.delete, '/app/c'],
        [OpCode.check, '/app/d'],
      ],
    )
    world.lastLink.reply(request.xid, {
      body: encode(multiResponse, [
        { type: OpCode.create, path: '/app/a' },
        { type: OpCode.setData, stat: someStat },
        { type: OpCode.delete },
        { type: OpCode.check },
      ]),
    })
    const [path, stat, deleted, checked] = await committed
    assert.deepEqual([path, stat.version, deleted, checked], ['/a', 5, undefined, undefined])
  })

  it('that fails says which operation did, and that nothing was applied', async () => {
    const committed = assert.rejects(
      zk.transaction().create('/a').delete('/b').set('/c', '').commit(),
      {
        code: 'NotEmpty',
        path: '/b',
        index: 1,
        applied: 'no',
        message: /operation 2 of the transaction/,
      },
    )
    await world.settle()
    world.lastLink.reply(1, {
      body: encode(multiResponse, [
        { type: -1, err: 0 },
        { type: -1, err: -111 },
        { type: -1, err: -2 },
      ]),
    })
    await committed
  })

  it('refuses a bad operation when it is added', () => {
    assert.throws(() => zk.transaction().delete('a'), { code: 'BadArguments' })
  })
})

describe('multiRead', () => {
  it('gives each read its own outcome', async () => {
    const read = zk.multiRead([{ get: '/a' }, { children: '/b' }, { get: '/c' }])
    await world.settle()
    world.lastLink.reply(1, {
      body: encode(multiResponse, [
        { type: OpCode.getData, data: new Uint8Array([0x78]), stat: someStat },
        { type: OpCode.getChildren, children: ['k'] },
        { type: -1, err: -101 },
      ]),
    })
    const [a, b, c] = await read
    assert.ok(a.error === undefined && b.error === undefined)
    assert.deepEqual([a.value, b.children, c.error?.code], ['x', ['k'], 'NoNode'])
  })

  it('fails only the read whose value does not fit its codec', async () => {
    const read = zk.multiRead([{ get: '/a', codec: 'json' }, { get: '/b' }])
    await world.settle()
    const data = new Uint8Array([0x78])
    world.lastLink.reply(1, {
      body: encode(multiResponse, [
        { type: OpCode.getData, data, stat: someStat },
        { type: OpCode.getData, data, stat: someStat },
      ]),
    })
    const [a, b] = await read
    assert.deepEqual([a.error?.code, a.error?.path], ['InvalidValue', '/a'])
    assert.ok(b.error === undefined && b.value === 'x')
  })
})
