/** Our data recipes and those of kazoo and of Curator share counters, queues, parties, groups and services. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { ZooKeeper } from '@quorate/client'
import {
  type AtomicNumber,
  atomicInteger,
  atomicLong,
  counter,
  groupMember,
  lockingQueue,
  party,
  priorityQueue,
  queue,
  serviceDiscovery,
  setPartitioner,
  uriOf,
} from '@quorate/recipes'
import type { ServerProcess } from '../harness/server-process.ts'
import { serversOfEitherKind } from '../harness/servers-under-test.ts'
import { type Contention, useCurator, useKazoo } from './contenders.ts'

const timeout = 120_000
const rounds = 30

for (const underTest of serversOfEitherKind)
  describe(`data recipes on ${underTest.name}`, { timeout: 600_000 }, () => {
    let server: ServerProcess
    let zk: ZooKeeper
    let path: string
    let shared: string
    let testCount = 0

    before(async () => {
      server = await underTest.start({ configuration: ['tickTime=500'] })
      zk = new ZooKeeper(server.address)
    })
    after(async () => {
      await zk.close()
      await server.dispose()
    })
    beforeEach(async () => {
      path = `/test${++testCount}`
      shared = `${path}/shared`
      await zk.create(path)
      await zk.create(`${path}/consumed`)
    })

    const beside = (recipe: string): Contention => ({
      address: server.address,
      recipe,
      path,
      rounds,
    })

    async function count(number: AtomicNumber, others: Promise<void>): Promise<void> {
      for (let i = 0; i < rounds; i++) await number.increment()
      await others
      await zk.sync(shared)
      assert.equal(await number.get(), 2 * rounds)
    }

    test("a counter with kazoo's", { timeout }, async () => {
      await count(counter(zk, shared), useKazoo(beside('counter')))
    })

    test("a number with kazoo's for Curator", { timeout }, async () => {
      await count(atomicInteger(zk, shared), useKazoo(beside('curator counter')))
    })

    test("a number with Curator's atomic", { timeout }, async () => {
      await count(atomicLong(zk, shared), useCurator(beside('atomic long')))
    })

    test("a number with Curator's shared count", { timeout }, async () => {
      await count(atomicInteger(zk, shared), useCurator(beside('shared count')))
    })

    interface Items {
      put(item: string): Promise<void>
      consume(): Promise<string>
    }

    async function consume(items: Items, others: Promise<void>): Promise<void> {
      for (let i = 0; i < rounds; i++) await items.put(`ours ${i}`)
      for (let i = 0; i < rounds; i++) await zk.create(`${path}/consumed/${await items.consume()}`)
      await others
      await zk.sync(path)
      const consumed = await zk.children(`${path}/consumed`)
      assert.equal(consumed.length, 2 * rounds)
      assert.equal(consumed.filter((item) => item.startsWith('ours')).length, rounds)
    }

    test("a queue with kazoo's", { timeout }, async () => {
      const items = priorityQueue(zk, shared)
      const own = { put: (item: string) => items.put(item), consume: () => items.take() }
      await consume(own, useKazoo(beside('queue')))
    })

    test("a locking queue with kazoo's", { timeout }, async () => {
      const items = lockingQueue(zk, shared)
      const own = {
        put: (item: string) => items.put(item),
        consume: async () => {
          const item = await items.take()
          await item.consume()
          return item.value
        },
      }
      await consume(own, useKazoo(beside('locking queue')))
    })

    test("a queue with Curator's", { timeout }, async () => {
      const items = queue(zk, shared)
      const own = { put: (item: string) => items.put(item), consume: () => items.take() }
      await consume(own, useCurator(beside('queue')))
    })

    for (const shallow of [false, true])
      test(`a ${shallow ? 'shallow ' : ''}party with kazoo's`, { timeout }, async () => {
        const others = useKazoo(beside(shallow ? 'shallow party' : 'party'))
        await using members = party(zk, shared, { shallow })
        await members.join('ours')
        for await (const seen of members) if (seen.toSorted().join(' ') === 'kazoo ours') break
        await zk.create(`${path}/consumed/met`)
        await others
        assert.deepEqual(await members.sync(), ['ours'])
      })

    test("a divided set with kazoo's", { timeout }, async () => {
      const others = useKazoo(beside('set partitioner'))
      const items = ['a', 'b', 'c', 'd']
      await using partitioner = setPartitioner(zk, shared, {
        items,
        identifier: 'ours',
        settleMs: 500,
      })
      for await (const share of partitioner) {
        if (share.items.length === 2) {
          assert.deepEqual(share.items, ['b', 'd'])
          break
        }
        await new Promise<void>((resolve) => {
          if (share.ended.aborted) resolve()
          else share.ended.addEventListener('abort', () => resolve())
        })
      }
      await zk.create(`${path}/consumed/met`)
      await others
      assert.deepEqual((await zk.children(`${path}/consumed`)).toSorted(), ['a c', 'met'])
    })

    test("a group with Curator's", { timeout }, async () => {
      const others = useCurator(beside('group'))
      await using own = groupMember(zk, shared, { id: 'ours', value: 'typescript' })
      await own.ready()
      for await (const members of own) if (members.get('curator') === 'java') break
      await zk.create(`${path}/consumed/met`)
      await others
    })

    test("services with Curator's discovery", { timeout }, async () => {
      const others = useCurator(beside('discovery'))
      const discovery = serviceDiscovery(zk, shared)
      await using _ = await discovery.register({
        name: 'service',
        id: 'ours',
        address: '10.0.0.1',
        port: 8081,
        payload: 'typescript',
        uriSpec: '{scheme}://{address}:{port}/',
      })
      await using provider = discovery.provider('service', { filter: ({ id }) => id === 'curator' })
      for await (const instances of provider) if (instances.length === 2) break
      const curators = provider.next()
      assert.deepEqual([curators.payload, curators.serviceType], ['java', 'DYNAMIC'])
      assert.ok(Math.abs(curators.registrationTimeUTC - Date.now()) < 120_000)
      assert.equal(uriOf(curators), 'http://10.0.0.2:8080')
      await zk.create(`${path}/consumed/met`)
      await others
    })
  })
