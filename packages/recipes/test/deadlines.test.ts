/** Every wait of every recipe ends by its deadline and by its signal, though nothing is heard of the servers any more. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CallOptions, ZooKeeper } from '@quorate/client/core'
import { startInMemoryServer } from '@quorate/testkit'
import {
  atomicLong,
  Barrier,
  cache,
  CachedNumbers,
  config,
  DoubleBarrier,
  failureDetector,
  group,
  groupMember,
  heartbeat,
  LeaderLatch,
  lockingQueue,
  MultiLock,
  Mutex,
  party,
  persistentNode,
  persistentTtlNode,
  priorityQueue,
  queue,
  ReadWriteLock,
  ReentrantMutex,
  requestRevocation,
  runAsLeader,
  Semaphore,
  serviceDiscovery,
  setPartitioner,
  sharedValue,
} from '../src/index.ts'

const deadlineMs = 500
const lateMsMax = 50

type Call = (options: CallOptions) => Promise<unknown>

const schema = { parse: (value: unknown) => value as number }

/** What is done while the servers are there, and what is called when they are not. */
const calls: Readonly<Record<string, (zk: ZooKeeper) => Call | Promise<Call>>> = {
  'Mutex.acquire': (zk) => (options) => new Mutex(zk, '/m').acquire(options),
  'Mutex.tryAcquire': (zk) => (options) => new Mutex(zk, '/m').tryAcquire(options),
  'Mutex.run': (zk) => (options) => new Mutex(zk, '/m').run(() => {}, options),
  'Mutex.contenders': (zk) => (options) => new Mutex(zk, '/m').contenders(options),
  'HeldLock.release': async (zk) => {
    const held = await new Mutex(zk, '/m').acquire()
    return (options) => held.release(options)
  },
  'GuardedWriter.set': async (zk) => {
    const held = await new Mutex(zk, '/m').acquire()
    return (options) => held.guarded.set('/a', 'x', options)
  },
  'ReentrantMutex.acquire': (zk) => (options) => new ReentrantMutex(zk, '/m').acquire(options),
  'ReadWriteLock.downgrade': async (zk) => {
    const lock = new ReadWriteLock(zk, '/m')
    const held = await lock.write.acquire()
    return (options) => lock.downgrade(held, options)
  },
  'Semaphore.acquire': (zk) => (options) => new Semaphore(zk, '/s', 2).acquire(options),
  'Semaphore.tryAcquire': (zk) => (options) => new Semaphore(zk, '/s', 2).tryAcquire(options),
  'Semaphore.leaseholders': (zk) => (options) => new Semaphore(zk, '/s', 2).leaseholders(options),
  'MultiLock.acquire': (zk) => (options) => new MultiLock(zk, ['/a', '/b']).acquire(options),
  'HeldLocks.release': async (zk) => {
    const held = await new MultiLock(zk, ['/a', '/b']).acquire()
    return (options) => held.release(options)
  },
  requestRevocation: async (zk) => {
    const { path } = await new Mutex(zk, '/m').acquire()
    return (options) => requestRevocation(zk, path, options)
  },
  runAsLeader: (zk) => (options) => runAsLeader(zk, '/l', () => {}, options),
  'LeaderLatch.untilLeader': (zk) => (options) => {
    const latch = new LeaderLatch(zk, '/l')
    latch.start().catch(() => {})
    return latch.untilLeader(options)
  },
  'LeaderLatch.participants': (zk) => (options) => new LeaderLatch(zk, '/l').participants(options),
  'Barrier.set': (zk) => (options) => new Barrier(zk, '/b').set(options),
  'Barrier.remove': (zk) => (options) => new Barrier(zk, '/b').remove(options),
  'Barrier.wait': (zk) => (options) => new Barrier(zk, '/b').wait(options),
  'DoubleBarrier.enter': (zk) => (options) => new DoubleBarrier(zk, '/b', 2).enter(options),
  'DoubleBarrier.enter, for the second time': async (zk) => {
    const barrier = new DoubleBarrier(zk, '/b', 1)
    await barrier.enter()
    return (options) => barrier.enter(options)
  },
  'DoubleBarrier.leave': async (zk) => {
    const barrier = new DoubleBarrier(zk, '/b', 1)
    await barrier.enter()
    return (options) => barrier.leave(options)
  },
  'AtomicNumber.get': (zk) => (options) => atomicLong(zk, '/n').get(options),
  'AtomicNumber.add': (zk) => (options) => atomicLong(zk, '/n').add(1, options),
  'AtomicNumber.compareAndSet': (zk) => (options) =>
    atomicLong(zk, '/n').compareAndSet(0, 1, options),
  'CachedNumbers.next': (zk) => (options) => new CachedNumbers(atomicLong(zk, '/n')).next(options),
  'CachedNumbers.next, behind another one': (zk) => (options) => {
    const numbers = new CachedNumbers(atomicLong(zk, '/n'))
    numbers.next().catch(() => {})
    return numbers.next(options)
  },
  'SharedValue.ready': (zk) => (options) => sharedValue(zk, '/v', { initial: '' }).ready(options),
  'SharedValue.set': (zk) => (options) => sharedValue(zk, '/v', { initial: '' }).set('x', options),
  'SharedValue.trySet': async (zk) => {
    const shared = sharedValue(zk, '/v', { initial: '' })
    await shared.ready()
    return (options) => shared.trySet('x', options)
  },
  'Queue.put': (zk) => (options) => queue(zk, '/q').put('x', options),
  'Queue.take': (zk) => (options) => priorityQueue(zk, '/q').take(options),
  'Queue.tryTake': async (zk) => {
    await queue(zk, '/q').put('x')
    return (options) => queue(zk, '/q').tryTake(options)
  },
  'Queue.count': (zk) => (options) => queue(zk, '/q').count(options),
  'LockingQueue.put': (zk) => (options) => lockingQueue(zk, '/q').put('x', options),
  'LockingQueue.take': (zk) => (options) => lockingQueue(zk, '/q').take(options),
  'LockingQueue.tryTake': async (zk) => {
    await lockingQueue(zk, '/q').put('x')
    return (options) => lockingQueue(zk, '/q').tryTake(options)
  },
  'Cache.ready': (zk) => (options) => cache(zk, '/c').ready(options),
  'Cache.caughtUp': (zk) => (options) => cache(zk, '/c').caughtUp(options),
  'Cache.sync': async (zk) => {
    const copy = cache(zk, '/c')
    await copy.ready()
    return (options) => copy.sync(options)
  },
  'PersistentNode.ready': (zk) => (options) => persistentNode(zk, '/p', 'x').ready(options),
  'PersistentNode.set': async (zk) => {
    const node = persistentNode(zk, '/p', 'x')
    await node.ready()
    return (options) => node.set('y', options)
  },
  'PersistentTtlNode.ready': (zk) => (options) =>
    persistentTtlNode(zk, '/p', 'x', { ttlMs: 10_000 }).ready(options),
  'Group.ready': (zk) => (options) => group(zk, '/g').ready(options),
  'Group.sync': (zk) => (options) => group(zk, '/g').sync(options),
  'GroupMember.ready': (zk) => (options) =>
    groupMember(zk, '/g', { id: 'a', value: '' }).ready(options),
  'GroupMember.set': (zk) => (options) =>
    groupMember(zk, '/g', { id: 'a', value: '' }).set('x', options),
  'Party.join': (zk) => (options) => party(zk, '/g').join('a', options),
  'Party.sync': (zk) => (options) => party(zk, '/g').sync(options),
  'SetPartitioner.next': (zk) => (options) =>
    setPartitioner(zk, '/g', { items: ['a'] }).next(options),
  'SetPartitioner.next, for the second time': async (zk) => {
    const partitioner = setPartitioner(zk, '/g', { items: ['a'], settleMs: 0 })
    await partitioner.next()
    return (options) => partitioner.next(options)
  },
  'ServiceDiscovery.register': (zk) => (options) =>
    serviceDiscovery(zk, '/d').register({ name: 'a' }, options),
  'ServiceDiscovery.services': (zk) => (options) => serviceDiscovery(zk, '/d').services(options),
  'Registration.update': async (zk) => {
    const registration = await serviceDiscovery(zk, '/d').register({ name: 'a' })
    return (options) => registration.update({ enabled: false }, options)
  },
  'ServiceProvider.ready': (zk) => (options) =>
    serviceDiscovery(zk, '/d').provider('a').ready(options),
  'Config.ready': (zk) => (options) => config(zk, '/c', { schema }).ready(options),
  'Config.set': (zk) => (options) => config(zk, '/c', { schema }).set(1, options),
  'Config.update': (zk) => (options) =>
    config(zk, '/c', { schema, default: 0 }).update((value) => value + 1, options),
  'Config.history': (zk) => (options) => config(zk, '/c', { schema }).history(options),
  'Config.rollBack': async (zk) => {
    const settings = config(zk, '/c', { schema })
    const version = await settings.set(1)
    return (options) => settings.rollBack(version, options)
  },
  'FailureDetector.ready': (zk) => (options) => failureDetector(zk, '/f').ready(options),
  'Heartbeat.ready': (zk) => (options) => heartbeat(zk, '/f', { id: 'a' }).ready(options),
}

/** What became of a call: its error's code, or that it was answered. */
function outcomeOf(call: Promise<unknown>): { code?: string } {
  const outcome: { code?: string } = {}
  call.then(
    () => (outcome.code = 'answered'),
    (error: { readonly code: string }) => (outcome.code = error.code),
  )
  return outcome
}

for (const [name, prepare] of Object.entries(calls))
  describe(name, () => {
    for (const isSilent of [true, false])
      it(`ends at its deadline on a connection that is ${isSilent ? 'silent' : 'lost'}`, async () => {
        await using server = await startInMemoryServer()
        const zk = await server.client({ timeout: 30_000 })
        const call = await prepare(zk)
        server.isolate(zk, { isSilent })
        const outcome = outcomeOf(call({ deadlineMs }))
        await server.advance(deadlineMs + lateMsMax)
        assert.equal(outcome.code, 'OperationTimeout')
      })

    it('ends at its signal', async () => {
      await using server = await startInMemoryServer()
      const zk = await server.client({ timeout: 30_000 })
      const call = await prepare(zk)
      server.isolate(zk)
      const source = new AbortController()
      const outcome = outcomeOf(call({ signal: source.signal }))
      await server.advance(100)
      source.abort()
      await server.advance(lateMsMax)
      assert.equal(outcome.code, 'Aborted')
    })
  })
