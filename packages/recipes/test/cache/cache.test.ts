import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import {
  type Alarm,
  type Clock,
  type Link,
  type LinkListener,
  nodeWorld,
  type ServerAddress,
  type Transport,
  ZooKeeper,
} from '@quorate/client'
import { ZooKeeper as PlainZooKeeper } from '@quorate/client/core'
import { startServer, type TestServer } from '@quorate/testkit'
import { type Cache, cache, type CacheChange } from '../../src/index.ts'
import { eventually } from '../support/eventually.ts'

const limits = { timeout: 20_000 }

let server: TestServer
let zk: ZooKeeper
let other: ZooKeeper
let root = ''
let count = 0
const open: AsyncDisposable[] = []

before(async () => {
  server = await startServer()
  zk = await server.client()
  other = await server.client()
})
after(() => server.close())
beforeEach(() => {
  root = `/cache${++count}`
})
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]()
})

function opened<T extends AsyncDisposable>(one: T): T {
  open.push(one)
  return one
}

function content<V>(of: Cache<V>): Record<string, V> {
  return Object.fromEntries([...of.nodes()].map(({ path, value }) => [path, value]))
}

/** The next changes, in short. */
async function take(changes: AsyncIterator<CacheChange<unknown>>, amount: number) {
  const taken: unknown[] = []
  while (taken.length < amount) {
    const { value } = await changes.next()
    taken.push(inShort(value))
  }
  return taken
}

function inShort(change: CacheChange<unknown>): unknown {
  const name = change.path.slice(root.length)
  switch (change.type) {
    case 'added':
      return ['added', name, change.node.value]
    case 'changed':
      return ['changed', name, change.old.value, change.node.value]
    case 'removed':
      return ['removed', name, change.old?.value]
    default:
      return ['invalid', name, (change.error as { code: string }).code]
  }
}

/** Node's clock; what a turn of its puts off for another turn waits while it is paused. */
class PausedClock implements Clock {
  reached: Promise<void> = Promise.resolve()
  #kept: (() => void)[] | undefined
  #reach = (): void => {}
  #isInTurn = false

  nowMs(): number {
    return nodeWorld.clock.nowMs()
  }

  wakeAfter(delayMs: number, wake: () => void): Alarm {
    return nodeWorld.clock.wakeAfter(delayMs, wake)
  }

  afterTurn(run: () => void): void {
    if (this.#isInTurn && this.#kept !== undefined) {
      this.#kept.push(run)
      this.#reach()
      return
    }
    setImmediate(() => {
      this.#isInTurn = true
      run()
      this.#isInTurn = false
    })
  }

  pause(): void {
    this.#kept = []
    this.reached = new Promise((resolve) => (this.#reach = resolve))
  }

  resume(): void {
    const kept = this.#kept ?? []
    this.#kept = undefined
    for (const run of kept) run()
  }
}

/** Node's sockets, of which what a frame begins can be told before what follows it. */
class FrameByFrame implements Transport {
  #isSlow = false

  dial(address: ServerAddress, listener: LinkListener): Link {
    const received: Uint8Array[] = []
    const tell = (): void => {
      const bytes = received.shift()
      if (bytes === undefined) return
      listener.received(bytes)
      // More turns than a cache takes to see how far it is.
      setTimeout(tell, 20)
    }
    return nodeWorld.transport.dial(address, {
      ...listener,
      received: (bytes) => {
        if (!this.#isSlow) return listener.received(bytes)
        for (let start = 0, end = 0; start < bytes.length; start = end) {
          end = start + 4 + new DataView(bytes.buffer, bytes.byteOffset + start).getInt32(0)
          received.push(bytes.slice(start, end))
        }
        tell()
      },
    })
  }

  slowDown(): void {
    this.#isSlow = true
  }
}

describe('a cache', () => {
  it('holds the tree once it is ready, and says up to which transaction', limits, async () => {
    await zk.create(root, 'r')
    await zk.create(`${root}/a`, 'a')
    await zk.create(`${root}/a/b`, 'b')
    const tree = opened(cache(other, root))
    await tree.ready()
    assert.deepEqual(content(tree), { [root]: 'r', [`${root}/a`]: 'a', [`${root}/a/b`]: 'b' })
    assert.ok(tree.isExact)
    assert.ok(tree.zxid >= (await zk.exists(`${root}/a/b`))!.czxid)
    assert.equal(tree.size, 3)
    assert.deepEqual(tree.children(), ['a'])
    assert.equal(tree.get(`${root}/a/b`), 'b')
    assert.equal(tree.node(`${root}/a`)?.version, 0)
    assert.equal(tree.get(`${root}/none`), undefined)
  })

  it('is not exact at a transaction when it has seen a later one', limits, async () => {
    await zk.create(root, 'r')
    await zk.create(`${root}/a`, 'a')
    const clock = new PausedClock()
    const client = opened(new PlainZooKeeper(server.connectString, {}, { ...nodeWorld, clock }))
    const tree = cache(client, root)
    await tree.ready()
    const changes = tree.changes()
    clock.pause()
    const synced = tree.sync()
    await clock.reached
    await other.delete(`${root}/a`)
    await changes.next()
    clock.resume()
    const zxid = await synced
    assert.ok(!tree.isExact || zxid >= other.lastZxid)
    await eventually(() => Promise.resolve(tree.isExact && tree.zxid >= other.lastZxid))
  })

  it('is not exact at a transaction of which it has seen a part', limits, async () => {
    await zk
      .transaction()
      .create(root, 'r')
      .create(`${root}/a`, '')
      .create(`${root}/b`, '')
      .commit()
    const transport = new FrameByFrame()
    const client = opened(new PlainZooKeeper(server.connectString, {}, { ...nodeWorld, transport }))
    const tree = cache(client, root)
    await tree.ready()
    const changes = tree.changes()
    transport.slowDown()
    await other.transaction().delete(`${root}/a`).delete(`${root}/b`).commit()
    await changes.next()
    await eventually(() => {
      assert.ok(!tree.isExact || tree.zxid < other.lastZxid || tree.size === 1)
      return Promise.resolve(tree.isExact && tree.zxid >= other.lastZxid)
    })
    assert.deepEqual(tree.children(), [])
  })

  it('tells what was added, changed and removed, with old and new values', limits, async () => {
    await zk.create(root, 'r')
    const tree = opened(cache(other, root))
    await tree.ready()
    const changes = tree.changes()
    await zk.create(`${root}/a`, '1')
    assert.deepEqual(await take(changes, 1), [['added', '/a', '1']])
    await zk.set(`${root}/a`, '2')
    assert.deepEqual(await take(changes, 1), [['changed', '/a', '1', '2']])
    await zk.delete(`${root}/a`)
    assert.deepEqual(await take(changes, 1), [['removed', '/a', '2']])
  })

  it('tells first what is there already, if asked', limits, async () => {
    await zk.create(root, 'r')
    const tree = opened(cache(other, root))
    await tree.ready()
    const changes = tree.changes({ initial: true })
    assert.deepEqual(await take(changes, 1), [['added', '', 'r']])
  })

  it('has what was committed before sync was called', limits, async () => {
    await zk.create(root, '')
    const tree = opened(cache(other, root))
    for (let i = 0; i < 50; i++) await zk.create(`${root}/n${i}`, `${i}`)
    const zxid = await tree.sync()
    assert.equal(tree.size, 51)
    assert.ok(zxid >= zk.lastZxid)
  })

  it('waits for a node that does not exist, and for one that comes again', limits, async () => {
    const tree = opened(cache(other, root))
    await tree.ready()
    assert.equal(tree.size, 0)
    const changes = tree.changes()
    await zk.create(root, '1')
    assert.deepEqual(await take(changes, 1), [['added', '', '1']])
    await zk.transaction().delete(root).create(root, '2').commit()
    await tree.sync()
    assert.equal(tree.get(root), '2')
    assert.deepEqual(await take(changes, 1), [['changed', '', '1', '2']])
  })

  it('of the children leaves out what is below them', limits, async () => {
    for (const path of ['', '/a', '/a/b']) await zk.create(root + path, path)
    const children = opened(cache(other, root, { scope: 'children' }))
    await children.ready()
    await zk.create(`${root}/a/c`, '')
    await zk.create(`${root}/d`, '')
    await children.sync()
    assert.deepEqual(children.children().toSorted(), ['a', 'd'])
    assert.equal(children.size, 3)
  })

  it('of one node leaves out its children', limits, async () => {
    for (const path of ['', '/a']) await zk.create(root + path, path)
    const node = opened(cache(other, root, { scope: 'node' }))
    await node.ready()
    await zk.set(root, 'new')
    await zk.set(`${root}/a`, 'new')
    await node.sync()
    assert.deepEqual(content(node), { [root]: 'new' })
  })

  it('has typed values, and none of what does not fit the codec', limits, async () => {
    await zk.create(root, '{"k":1}')
    const tree = opened(cache(other, root, { codec: 'json' }))
    await tree.ready()
    assert.deepEqual(tree.get(root), { k: 1 })
    const changes = tree.changes()
    await zk.set(root, '{')
    assert.deepEqual(await take(changes, 1), [['invalid', '', 'InvalidValue']])
    assert.equal(tree.get(root), undefined)
    await zk.set(root, '2')
    assert.deepEqual(await take(changes, 1), [['added', '', 2]])
  })

  it('goes on without the nodes that it may not read', limits, async () => {
    const owner = await server.client()
    await owner.addAuth('digest', 'bob:secret')
    await zk.create(root, '')
    const acl = [{ perms: 31, id: { scheme: 'auth', id: '' } }]
    await owner.create(`${root}/own`, 'x', { acl })
    await zk.create(`${root}/open`, 'y')
    const tree = opened(cache(other, root))
    await tree.ready()
    assert.deepEqual(content(tree), { [root]: '', [`${root}/open`]: 'y' })
  })

  it('merges the changes of a node for a slow reader', limits, async () => {
    await zk.create(root, '0')
    const tree = opened(cache(other, root))
    await tree.ready()
    const changes = tree.changes()
    for (const value of ['1', '2', '3']) {
      await zk.set(root, value)
      await tree.sync()
    }
    await zk.create(`${root}/short`, '')
    await tree.sync()
    await zk.delete(`${root}/short`)
    await zk.create(`${root}/last`, '')
    await tree.sync()
    assert.deepEqual(await take(changes, 2), [
      ['changed', '', '0', '3'],
      ['added', '/last', ''],
    ])
  })

  it('gives up when there are more nodes than it may hold', limits, async () => {
    await zk.create(root)
    for (const name of ['a', 'b']) await zk.create(`${root}/${name}`)
    const tree = opened(cache(other, root, { nodesMax: 2 }))
    await assert.rejects(tree.ready(), { code: 'CacheTooLarge', path: root })
    await assert.rejects(tree.changes().next(), { code: 'CacheTooLarge' })
  })

  it('ends its loops when it is closed, and takes its watch away', limits, async () => {
    await zk.create(root)
    const tree = opened(cache(other, root))
    await tree.ready()
    const next = tree.changes().next()
    await tree.close()
    assert.deepEqual(await next, { done: true, value: undefined })
    await assert.rejects(tree.sync(), { code: 'Closed' })
    await assert.rejects(other.removeWatches(root), { code: 'NoWatcher' })
  })

  it('can be waited for with a deadline and a signal', limits, async () => {
    const lonely = opened(new ZooKeeper('127.0.0.1:1'))
    const tree = opened(cache(lonely, root))
    const controller = new AbortController()
    const ready = tree.ready({ signal: controller.signal })
    controller.abort()
    await assert.rejects(ready, { code: 'Aborted' })
    await assert.rejects(tree.ready({ deadlineMs: 1 }), { code: 'OperationTimeout' })
  })

  it('refuses what is no path', limits, async () => {
    const tree = opened(cache(other, 'no/path'))
    await assert.rejects(tree.ready(), { code: 'BadArguments' })
  })
})

describe('a cache whose connection is lost', () => {
  it('tells the differences once it has another one', limits, async () => {
    const cut = await server.client()
    await zk.create(root, 'r')
    for (const name of ['changed', 'removed', 'replaced', 'same'])
      await zk.create(`${root}/${name}`, '1')
    const tree = opened(cache(cut, root))
    await tree.ready()
    const changes = tree.changes()
    server.cutConnections(cut)
    await zk.set(`${root}/changed`, '2')
    await zk.delete(`${root}/removed`)
    await zk.delete(`${root}/replaced`)
    await zk.create(`${root}/replaced`, '2')
    await zk.create(`${root}/added`, '2')
    await tree.sync()
    const told = await take(changes, 4)
    assert.deepEqual(
      told.toSorted((a, b) => String(a).localeCompare(String(b))),
      [
        ['added', '/added', '2'],
        ['changed', '/changed', '1', '2'],
        ['changed', '/replaced', '1', '2'],
        ['removed', '/removed', '1'],
      ],
    )
    await zk.set(`${root}/same`, '3')
    assert.deepEqual(await take(changes, 1), [['changed', '/same', '1', '3']])
  })

  it('says so when the session is lost', limits, async () => {
    const expired = await server.client()
    await zk.create(root)
    const tree = opened(cache(expired, root))
    await tree.ready()
    const next = tree.changes().next()
    await server.expire(expired)
    await assert.rejects(next, { code: 'SessionExpired' })
    await assert.rejects(tree.sync(), { code: 'SessionExpired' })
  })

  it('goes on with the session that follows a lost one', limits, async () => {
    const renewed = await server.client({ onExpired: 'renew' })
    await zk.create(root, '1')
    const tree = opened(cache(renewed, root))
    await tree.ready()
    const changes = tree.changes()
    await server.expire(renewed)
    await zk.set(root, '2')
    assert.deepEqual(await take(changes, 1), [['changed', '', '1', '2']])
    await zk.set(root, '3')
    assert.deepEqual(await take(changes, 1), [['changed', '', '2', '3']])
  })
})
