import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ZooKeeper, type ZooKeeperError } from '@quorate/client/core'
import {
  atomicInteger,
  atomicLong,
  atomicValue,
  CachedNumbers,
  counter,
  sharedCount,
  sharedValue,
} from '../../src/index.ts'
import { LossyWorld } from '../support/lossy-world.ts'
import { other, path, server, zk, useTwoClients } from '../support/two-clients.ts'

const limits = { timeout: 20_000 }

useTwoClients('/counters')

async function bytesOf(node: string): Promise<string> {
  return Buffer.from((await zk.get(node, { codec: 'bytes' }))!).toString('hex')
}

describe('an atomic number', () => {
  it('counts together with others, none of whose changes is lost', limits, async () => {
    const counters = [atomicInteger(zk, path), atomicInteger(other, path)]
    await Promise.all(counters.flatMap((one) => Array.from({ length: 20 }, () => one.increment())))
    assert.equal(await counters[0].get(), 40)
  })

  it('tells the value before and after', limits, async () => {
    const one = atomicInteger(zk, path, { initial: 5 })
    assert.deepEqual(await one.add(3), { before: 5, after: 8 })
    assert.deepEqual(await one.subtract(10), { before: 8, after: -2 })
    assert.equal(await one.decrement(), -3)
  })

  it('reads as its initial value before anybody has counted', limits, async () => {
    assert.equal(await atomicInteger(zk, path, { initial: 7 }).get(), 7)
    assert.equal(await zk.exists(path), null)
  })

  it('is kept as Curator and kazoo keep it', limits, async () => {
    await atomicInteger(zk, path).set(-2)
    assert.equal(await bytesOf(path), 'fffffffe')
    await atomicLong(zk, `${path}-long`).set(2 ** 40)
    assert.equal(await bytesOf(`${path}-long`), '0000010000000000')
    await counter(zk, `${path}-text`).set(1.5)
    assert.equal(await zk.get(`${path}-text`), '1.5')
  })

  it('takes a node that kazoo made and has not counted in', limits, async () => {
    await counter(zk, `${path}-other`).increment()
    await zk.create(path)
    assert.equal(await counter(zk, path, { initial: 2 }).increment(), 3)
  })

  it('refuses what does not fit, and what is no number', limits, async () => {
    const one = atomicInteger(zk, path)
    await one.set(2 ** 31 - 1)
    await assert.rejects(one.increment(), { code: 'InvalidValue', path })
    await assert.rejects(one.compareAndSet(2 ** 31, 0), { code: 'InvalidValue', path })
    await zk.set(path, 'abc')
    await assert.rejects(one.increment(), { code: 'InvalidValue', path })
    await assert.rejects(counter(zk, path).increment(), { code: 'InvalidValue', path })
  })

  it('sets what is as expected, and nothing else', limits, async () => {
    const one = atomicInteger(zk, path)
    assert.equal(await one.compareAndSet(1, 2), false)
    assert.equal(await one.compareAndSet(0, 2), true)
    assert.equal(await one.get(), 2)
  })

  it('gives up after so many attempts', limits, async () => {
    const one = atomicValue(zk, path, { codec: 'utf8', initial: '', attemptsMax: 2 })
    await one.set('x')
    let calls = 0
    const change = async () => {
      await other.set(path, `theirs ${++calls}`)
    }
    const slow = {
      encode: (value: string) => Buffer.from(value),
      decode: (bytes: Uint8Array | null) => Buffer.from(bytes!).toString(),
    }
    const contended = atomicValue(zk, path, { codec: slow, initial: '', attemptsMax: 2 })
    await change()
    // Each look is followed by a change of the other before the write is sent: by a write queued first.
    await assert.rejects(
      contended.update((value) => {
        void zk.set(path, `between ${++calls}`)
        return `${value}!`
      }),
      { code: 'Contended' },
    )
    assert.match(await one.get(), /^between/)
  })

  it('takes a lock when others are too quick', limits, async () => {
    const promote = { lockPath: `${path}-lock`, after: 1 }
    const counters = [zk, other].map((client) => atomicInteger(client, path, { promote }))
    await Promise.all(counters.flatMap((one) => Array.from({ length: 10 }, () => one.increment())))
    assert.equal(await counters[0].get(), 20)
    assert.ok((await zk.exists(`${path}-lock`))!.cversion > 0)
  })

  it('ends by its deadline', limits, async () => {
    const lossy = new LossyWorld()
    const lost = new ZooKeeper(server.connectString, { timeout: 300 }, lossy)
    const one = atomicInteger(lost, path)
    await one.set(1)
    lossy.fallSilent()
    const error = await one.increment({ deadlineMs: 30 }).catch((thrown: ZooKeeperError) => thrown)
    assert.equal((error as ZooKeeperError).code, 'OperationTimeout')
    await lost.close()
  })

  it(
    'is changed once for each success while connections are cut',
    { timeout: 60_000 },
    async () => {
      const cut = await server.client()
      const one = atomicInteger(cut, path)
      const outcomes = { done: 0, unknown: 0 }
      const cutting = setInterval(() => server.cutConnections(cut), 20)
      while (outcomes.done + outcomes.unknown < 100) {
        try {
          await one.increment()
          outcomes.done++
        } catch (error) {
          assert.equal((error as ZooKeeperError).applied, 'unknown')
          outcomes.unknown++
        }
      }
      clearInterval(cutting)
      const value = await atomicInteger(zk, path).get()
      assert.ok(value >= outcomes.done && value <= outcomes.done + outcomes.unknown, `${value}`)
    },
  )
})

describe('cached numbers', () => {
  it('are handed out once, from blocks', limits, async () => {
    const mine = new CachedNumbers(atomicLong(zk, path), { blockSize: 10 })
    const theirs = new CachedNumbers(atomicLong(other, path), { blockSize: 10 })
    const numbers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? mine : theirs).next()),
    )
    assert.equal(new Set(numbers).size, 50)
    const own = numbers.filter((_, i) => i % 2 === 0)
    assert.deepEqual(
      own,
      own.toSorted((a, b) => a - b),
    )
    assert.equal(await atomicLong(zk, path).get(), 60)
  })

  it('are handed out once though many wait for the same small block', limits, async () => {
    const numbers = new CachedNumbers(atomicLong(zk, path), { blockSize: 1 })
    const taken = await Promise.all(Array.from({ length: 5 }, () => numbers.next()))
    assert.deepEqual(taken, [0, 1, 2, 3, 4])
  })

  it('need blocks of at least one', () => {
    assert.throws(() => new CachedNumbers(atomicLong(zk, path), { blockSize: 0 }), RangeError)
  })
})

describe('a shared value', () => {
  it('is told to all who share it', limits, async () => {
    const mine = sharedCount(zk, path, { initial: 3 })
    const theirs = sharedCount(other, path)
    await Promise.all([mine.ready(), theirs.ready()])
    const seen: number[] = []
    const watching = (async () => {
      for await (const value of theirs) {
        seen.push(value)
        if (value === 9) break
      }
    })()
    await mine.set(4)
    await mine.update((value) => value + 5)
    await watching
    assert.equal(seen.at(-1), 9)
    assert.equal(theirs.value, 9)
    await Promise.all([mine.close(), theirs.close()])
  })

  it('shows who wrote what was written', limits, async () => {
    await using shared = sharedCount(zk, path)
    for (let count = 0; count < 20; count += 2) {
      await shared.set(count)
      assert.equal(shared.value, count)
      await shared.update((now) => now + 1)
      assert.equal(shared.value, count + 1)
      assert.equal(await shared.trySet(count), true)
      assert.equal(shared.value, count)
    }
  })

  it('is set only by who saw the last one', limits, async () => {
    const mine = sharedValue(zk, path, { initial: 'a' })
    const theirs = sharedValue(other, path, { initial: 'b' })
    await Promise.all([mine.ready(), theirs.ready()])
    const seen = theirs.versioned
    assert.equal(await mine.trySet('mine'), true)
    assert.equal(await theirs.trySet('theirs', { seen }), false)
    await assert.rejects(theirs.trySet(7 as never), { code: 'InvalidValue', path })
    assert.equal(await zk.get(path), 'mine')
    await Promise.all([mine.close(), theirs.close()])
  })

  it('is kept as text, with the type of its codec', limits, async () => {
    const schema = { parse: (value: unknown) => value as { k: number } }
    const shared = sharedValue(zk, path, { codec: schema, initial: { k: 1 } })
    await shared.ready()
    assert.equal(await zk.get(path), '{"k":1}')
    assert.equal(shared.value.k, 1)
    await shared.close()
  })
})
