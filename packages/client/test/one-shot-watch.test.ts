import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import {
  EventType,
  OpCode,
  pathWatchRequest,
  setWatchesRequest,
  watchTypeRequest,
} from '@quorate/protocol'
import { ZooKeeper } from '../src/index.ts'
import { FakeWorld, type Reply } from './support/fake-world.ts'
import { dataBody, statBody } from './support/records.ts'
import { reconnected, serve } from './support/scripted-server.ts'

let world: FakeWorld
let zk: ZooKeeper
/** The types of the watches that were taken away. */
let removed: number[]

beforeEach(async () => {
  world = new FakeWorld()
  zk = new ZooKeeper('a:1/app', {}, world)
  zk.connect()
  world.lastLink.accept()
  await world.settle()
  removed = []
})

const answers = {
  [OpCode.getData]: (): Reply => ({ body: dataBody('x') }),
  [OpCode.exists]: (): Reply => ({ err: -101 }),
  [OpCode.removeWatches](request: {
    body(codec: typeof watchTypeRequest): { type: number }
  }): Reply {
    removed.push(request.body(watchTypeRequest).type)
    return {}
  },
}

async function served<T>(call: Promise<T>): Promise<T> {
  await serve(world, answers)
  return call
}

describe('a value with a promise of its change', () => {
  it('sets the watch with the read, and tells the change', async () => {
    const read = zk.getAndWatch('/a')
    await world.settle()
    const [request] = world.lastLink.requests()
    assert.deepEqual(request.body(pathWatchRequest), { path: '/app/a', watch: true })
    world.lastLink.reply(request.xid, { body: dataBody('x') })
    const { value, changed } = await read
    assert.equal(value, 'x')
    world.lastLink.event(EventType.nodeDataChanged, '/app/a', 9)
    assert.deepEqual(await changed, { type: 'nodeDataChanged', path: '/a', zxid: 9 })
  })

  it('keeps the change over a lost connection', async () => {
    const { changed } = await served(zk.getAndWatch('/a'))
    await reconnected(world)
    await world.settle()
    const [watches] = world.lastLink.requests()
    assert.deepEqual(watches.body(setWatchesRequest).dataWatches, ['/app/a'])
    world.lastLink.event(EventType.nodeDeleted, '/app/a')
    assert.equal((await changed).type, 'nodeDeleted')
  })

  it('takes the watch away when its scope is left, the last one of the path also on the server', async () => {
    const other = await served(zk.existsAndWatch('/a'))
    assert.equal(other.stat, null)
    {
      await using watched = await served(zk.getAndWatch('/a'))
      watched.changed.catch(() => {})
    }
    await serve(world, answers)
    assert.deepEqual(removed, [])
    const left = other[Symbol.asyncDispose]()
    await serve(world, answers)
    await left
    assert.deepEqual(removed, [2])
    await assert.rejects(other.changed, { code: 'Closed' })
    await other[Symbol.asyncDispose]()
    await serve(world, answers)
    assert.deepEqual(removed, [2])
  })

  it('has nothing to take away once it has changed', async () => {
    const watched = await served(zk.getAndWatch('/a'))
    world.lastLink.event(EventType.nodeDataChanged, '/app/a')
    await watched.changed
    await watched[Symbol.asyncDispose]()
    await serve(world, answers)
    assert.deepEqual(removed, [])
  })

  it('fails as the read does, and leaves no watch behind', async () => {
    const failing = { [OpCode.getChildren2]: (): Reply => ({ err: -101 }) }
    const read = assert.rejects(zk.childrenAndWatch('/a'), { code: 'NoNode' })
    await serve(world, failing)
    await read
    await reconnected(world)
    await world.settle()
    assert.deepEqual(world.lastLink.requests(), [])
  })

  it('is rejected when the session ends, without a word if nobody waits', async () => {
    const [waiting] = [await served(zk.getAndWatch('/a')), await served(zk.getAndWatch('/b'))]
    const closed = zk.close()
    await serve(world, { [OpCode.closeSession]: () => ({ body: statBody }) })
    await closed
    await assert.rejects(waiting.changed, { code: 'Closed' })
  })
})

const streamAnswers = { ...answers, [OpCode.addWatch]: (): Reply => ({}) }

async function change(): Promise<void> {
  await serve(world, streamAnswers)
  world.lastLink.event(EventType.nodeDataChanged, '/app/a')
}

describe('a stream', () => {
  it('ends at its signal, and takes its watch away', async () => {
    const abort = new AbortController()
    const stream = zk.watch('/a', { signal: abort.signal })
    await serve(world, streamAnswers)
    const next = assert.rejects(stream.next(), { code: 'Aborted', path: '/a' })
    abort.abort(new Error('enough'))
    await serve(world, streamAnswers)
    await next
    assert.equal(removed.length, 1)
    assert.deepEqual(await stream.next(), { done: true, value: undefined })
    await assert.rejects(zk.watch('/a', { signal: abort.signal }).next(), { code: 'Aborted' })
  })

  it('takes its watch away however its loop or its scope is left', async () => {
    const leave = [
      async () => {
        for await (const _ of zk.watch('/a')) break
      },
      async () => {
        for await (const _ of zk.watch('/a')) return
      },
      async () => {
        for await (const { type } of zk.watch('/a')) throw new Error(type)
      },
      async () => {
        await using stream = zk.watch('/a')
        await stream.next()
      },
      async () => {
        using stream = zk.watch('/a')
        await stream.next()
      },
    ]
    for (const [i, leaving] of leave.entries()) {
      const left = leaving().catch(({ message }: Error) => assert.equal(message, 'nodeDataChanged'))
      await change()
      await serve(world, streamAnswers)
      await left
      await serve(world, streamAnswers)
      assert.equal(removed.length, i + 1)
    }
  })
})
