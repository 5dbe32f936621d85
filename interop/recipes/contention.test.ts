/** Our recipes and those of kazoo and of Curator contend for the same locks, leases, leaderships and barriers. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { ZooKeeper } from '@quorate/client'
import {
  DoubleBarrier,
  LeaderLatch,
  type Lock,
  type LockOptions,
  Mutex,
  ReadWriteLock,
  Semaphore,
} from '@quorate/recipes'
import type { ServerProcess } from '../harness/server-process.ts'
import { serversOfEitherKind } from '../harness/servers-under-test.ts'
import { type Contention, runCurator, runKazoo } from './contenders.ts'
import { CriticalSection } from './critical-section.ts'

const timeout = 120_000
const rounds = 20
/** Of this process; each has a session of its own. */
const ownCount = 3

const alone = (own: CriticalSection): Promise<void> => own.alone()
const withoutWriter = (own: CriticalSection): Promise<void> => own.withoutWriter()

for (const underTest of serversOfEitherKind)
  describe(`recipes on ${underTest.name}`, { timeout: 600_000 }, () => {
    let server: ServerProcess
    let clients: readonly ZooKeeper[]
    let section: CriticalSection
    let path: string
    let testCount = 0

    before(async () => {
      server = await underTest.start({ configuration: ['tickTime=500'] })
      clients = Array.from({ length: ownCount }, () => new ZooKeeper(server.address))
    })
    after(async () => {
      await Promise.all(clients.map((zk) => zk.close()))
      await server.dispose()
    })
    beforeEach(async () => {
      path = `/test${++testCount}`
      section = new CriticalSection(clients[0]!, path)
      await section.prepare()
    })

    function contention(recipe: string, count = rounds): Contention {
      return { address: server.address, recipe, path, rounds: count }
    }

    /** Ours hold the lock in turns with the others. */
    async function hold(
      lockOf: (zk: ZooKeeper, id: string) => Lock<'utf8'>,
      job: (own: CriticalSection) => Promise<void>,
    ): Promise<void> {
      await Promise.all(
        clients.map(async (zk, i) => {
          const own = new CriticalSection(zk, path)
          const lock = lockOf(zk, `ours ${i}`)
          for (let round = 0; round < rounds; round++) {
            await using held = await lock.acquire({ deadlineMs: 60_000 })
            await job(own)
            assert.ok(held.isHeld)
          }
        }),
      )
    }

    const mutexOf =
      (options: LockOptions) =>
      (zk: ZooKeeper, id: string): Lock<'utf8'> =>
        new Mutex(zk, section.contended, { ...options, id })

    test('a mutex among those of Curator', { timeout }, async () => {
      await Promise.all([
        hold(mutexOf({}), alone),
        runCurator(contention('mutex')),
        runKazoo(contention('lock among curators')),
      ])
      assert.equal(await section.count(), rounds * (ownCount + 2))
    })

    test("a mutex among kazoo's locks", { timeout }, async () => {
      await Promise.all([
        hold(mutexOf({ layout: 'kazoo' }), alone),
        runKazoo(contention('lock')),
        runKazoo(contention('election')),
      ])
      assert.equal(await section.count(), rounds * (ownCount + 2))
    })

    const lockOf =
      (use: 'read' | 'write', options: LockOptions = {}) =>
      (zk: ZooKeeper): Lock<'utf8'> =>
        new ReadWriteLock(zk, section.contended, options)[use]

    test('readers and writers among those of Curator', { timeout }, async () => {
      await Promise.all([
        hold(lockOf('write'), alone),
        hold(lockOf('read'), withoutWriter),
        runCurator(contention('write')),
        runCurator(contention('read')),
      ])
      assert.equal(await section.count(), rounds * (ownCount + 1))
    })

    test("readers and writers among kazoo's writers", { timeout }, async () => {
      const options: LockOptions = { layout: 'kazoo' }
      await Promise.all([
        hold(lockOf('write', options), alone),
        hold(lockOf('read', options), withoutWriter),
        runKazoo(contention('write')),
      ])
      assert.equal(await section.count(), rounds * (ownCount + 1))
    })

    // Where there are writers, a reader of kazoo 2.8 waits for those behind it as well, and they for it.
    test("readers among kazoo's readers", { timeout }, async () => {
      await Promise.all([
        hold(lockOf('read', { layout: 'kazoo' }), withoutWriter),
        runKazoo(contention('read')),
      ])
    })

    test('leases of a semaphore among those of Curator', { timeout }, async () => {
      await Promise.all([
        hold(
          (zk) => new Semaphore(zk, section.contended, 2),
          (own) => own.oneOfTwo(),
        ),
        runCurator(contention('semaphore')),
      ])
    })

    test('a leader latch among those of Curator', { timeout }, async () => {
      const lead = async (zk: ZooKeeper): Promise<void> => {
        const own = new CriticalSection(zk, path)
        for (let round = 0; round < rounds; round++) {
          await using latch = new LeaderLatch(zk, section.contended, { id: 'ours' })
          await latch.start()
          await latch.untilLeader({ deadlineMs: 60_000 })
          await own.alone()
        }
      }
      await Promise.all([...clients.map(lead), runCurator(contention('latch'))])
      assert.equal(await section.count(), rounds * (ownCount + 1))
    })

    test('a double barrier with members of every library', { timeout }, async () => {
      const memberCount = ownCount + 2
      const pass = async (zk: ZooKeeper): Promise<void> => {
        const barrier = new DoubleBarrier(zk, section.contended, memberCount)
        await barrier.enter({ deadlineMs: 60_000 })
        await barrier.leave({ deadlineMs: 60_000 })
      }
      await Promise.all([
        ...clients.map(pass),
        runCurator(contention('double barrier', memberCount)),
        runKazoo(contention('double barrier', memberCount)),
      ])
    })
  })
