import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { lockingQueue, priorityQueue, queue, QueueItemError } from '../../src/index.ts'
import { other, path, server, zk, useTwoClients } from '../support/two-clients.ts'

const limits = { timeout: 20_000 }

useTwoClients('/queues')

describe('a queue', () => {
  it('gives items in the order in which they were put', limits, async () => {
    const items = queue(zk, path)
    for (const item of ['a', 'b', 'c']) await items.put(item)
    assert.equal(await items.count(), 3)
    const theirs = queue(other, path)
    assert.deepEqual(
      [await theirs.take(), await theirs.take(), await items.take()],
      ['a', 'b', 'c'],
    )
    assert.equal(await items.tryTake(), undefined)
  })

  it("is kept as ZooKeeper's own recipe keeps it", limits, async () => {
    await queue(zk, path, { codec: 'json' }).put({ k: 1 })
    assert.deepEqual(await zk.children(path), ['qn-0000000000'])
    assert.equal(await zk.get(`${path}/qn-0000000000`), '{"k":1}')
  })

  it('waits for an item, until the deadline or the signal', limits, async () => {
    const items = queue(zk, path)
    const taken = items.take()
    await queue(other, path).put('late')
    assert.equal(await taken, 'late')
    await assert.rejects(items.take({ deadlineMs: 10 }), { code: 'OperationTimeout', path })
    const controller = new AbortController()
    const aborted = items.take({ signal: controller.signal })
    controller.abort()
    await assert.rejects(aborted, { code: 'Aborted' })
    await items.put('x')
    assert.equal(await items.take(), 'x')
  })

  it('gives each item to one consumer', limits, async () => {
    const [mine, theirs] = [queue(zk, path), queue(other, path)]
    const all = Array.from({ length: 100 }, (_, i) => `${i}`)
    const takes = all.map((_, i) => (i % 2 === 0 ? mine : theirs).take())
    for (const item of all) await mine.put(item)
    const taken = await Promise.all(takes)
    assert.deepEqual(new Set(taken), new Set(all))
  })

  it('keeps its order when the numbers of its nodes overflow', limits, async () => {
    await zk.create('/queues').catch(() => {})
    await zk.create(path)
    for (const name of ['qn--2147483648', 'qn-2147483647']) await zk.create(`${path}/${name}`, name)
    const items = queue(zk, path)
    const taken = [await items.take(), await items.take()]
    assert.deepEqual(taken, ['qn-2147483647', 'qn--2147483648'])
  })

  it('gives what does not fit the codec with its bytes', limits, async () => {
    await queue(zk, path).put('{')
    const taking = queue(zk, path, { codec: 'json' }).take()
    await assert.rejects(taking, (error: QueueItemError) => {
      assert.ok(error instanceof QueueItemError)
      assert.deepEqual([error.code, String.fromCharCode(...error.bytes!)], ['InvalidItem', '{'])
      return true
    })
    assert.equal(await queue(zk, path).count(), 0)
  })

  it('rejects who waits when the session is lost', limits, async () => {
    const lost = await server.client()
    const taking = queue(lost, path).take()
    const refused = assert.rejects(taking, { code: 'SessionExpired' })
    await server.expire(lost)
    await refused
  })

  it('loses and doubles nothing while connections are cut', { timeout: 60_000 }, async () => {
    const cut = await server.client()
    const items = queue(zk, path)
    const all = Array.from({ length: 60 }, (_, i) => `${i}`)
    for (const item of all) await items.put(item)
    const consumer = queue(cut, path)
    const cutting = setInterval(() => server.cutConnections(cut), 15)
    const taken: string[] = []
    while (taken.length < all.length)
      try {
        taken.push(await consumer.take({ deadlineMs: 5_000 }))
      } catch (error) {
        assert.ok(error instanceof QueueItemError, String(error))
        taken.push(String.fromCharCode(...error.bytes!))
      }
    clearInterval(cutting)
    assert.deepEqual(taken, all)
    assert.equal(await items.count(), 0)
  })
})

describe('a priority queue', () => {
  it('gives the smallest priority first, also when it is put later', limits, async () => {
    const items = priorityQueue(zk, path)
    await items.put('late', { priority: 999 })
    await items.put('usual 1')
    await items.put('usual 2')
    assert.equal(await items.take(), 'usual 1')
    await queue(other, path).count()
    await priorityQueue(other, path).put('first', { priority: 0 })
    await zk.sync()
    assert.deepEqual([await items.take(), await items.take()], ['first', 'usual 2'])
    assert.match((await zk.children(path))[0], /^entry-999-\d{10}$/)
    await assert.rejects(items.put('x', { priority: 1000 }), { code: 'BadArguments' })
  })
})

describe('a locking queue', () => {
  it('keeps an item until it is consumed', limits, async () => {
    const [mine, theirs] = [lockingQueue(zk, path), lockingQueue(other, path)]
    await mine.put('a')
    const item = await mine.take()
    assert.equal(item.value, 'a')
    assert.ok(item.isHeld && item.token > 0)
    assert.equal(await theirs.tryTake(), undefined)
    assert.equal(await mine.count(), 1)
    await item.consume()
    assert.equal(await mine.count(), 0)
    assert.deepEqual(await zk.children(`${path}/taken`), [])
    assert.equal(item.isHeld, false)
    assert.equal(item.lost.aborted, false)
  })

  it('gives an item that was released, or whose consumer was lost, to others', limits, async () => {
    const lost = await server.client()
    const theirs = lockingQueue(other, path)
    await theirs.put('a')
    const first = await lockingQueue(lost, path).take()
    const waiting = theirs.take()
    await first.release()
    const second = await waiting
    assert.equal(second.value, 'a')
    await second.release()

    const third = await lockingQueue(lost, path).take()
    const next = theirs.take()
    await server.expire(lost)
    const fourth = await next
    assert.ok(fourth.token > third.token)
    await assert.rejects(third.consume(), { code: 'LockLost' })
    await fourth.consume()
    assert.equal(await theirs.count(), 0)
  })

  it('gives several items to one consumer, by priority', limits, async () => {
    const items = lockingQueue(zk, path)
    await items.put('b')
    await items.put('a', { priority: 1 })
    const [a, b] = [await items.take(), await items.take()]
    assert.deepEqual([a.value, b.value], ['a', 'b'])
    await a.consume()
    await b[Symbol.asyncDispose]()
    const again = await items.take()
    assert.equal(again.value, 'b')
    await again.consume()
  })

  it('loses and doubles nothing while connections are cut', { timeout: 60_000 }, async () => {
    const cut = await server.client()
    const items = lockingQueue(zk, path)
    const all = Array.from({ length: 40 }, (_, i) => `${i}`)
    for (const item of all) await items.put(item)
    const consumer = lockingQueue(cut, path)
    const cutting = setInterval(() => server.cutConnections(cut), 15)
    const consumed: string[] = []
    while (consumed.length < all.length) {
      const item = await consumer.take({ deadlineMs: 5_000 })
      await item.consume()
      consumed.push(item.value)
    }
    clearInterval(cutting)
    assert.deepEqual(consumed, all)
    assert.equal(await items.count(), 0)
  })

  it('ends a wait by its deadline, and leaves nothing locked', limits, async () => {
    const items = lockingQueue(zk, path)
    await assert.rejects(items.take({ deadlineMs: 10 }), { code: 'OperationTimeout' })
    await items.put('a')
    const controller = new AbortController()
    const begun = assert.rejects(items.take({ signal: controller.signal }), { code: 'Aborted' })
    controller.abort()
    await begun
    const item = await items.take()
    await item.consume()
  })
})
