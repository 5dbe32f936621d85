import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { ZooKeeper } from '@quorate/client'
import { startServer, type TestServer } from '@quorate/testkit'
import { setPartitioner, type SetPartitioner } from '../../src/index.ts'

const limits = { timeout: 20_000 }
const items = ['a', 'b', 'c', 'd', 'e']

let server: TestServer
let zk: ZooKeeper
let other: ZooKeeper
let path = ''
let count = 0

before(async () => {
  server = await startServer()
  zk = await server.client()
  other = await server.client()
})
after(() => server.close())
beforeEach(() => {
  path = `/shards/n${++count}`
})

function joined(client: ZooKeeper, identifier: string): SetPartitioner {
  return setPartitioner(client, path, { items, identifier, settleMs: 20 })
}

/** Resolves when the share is over. */
function over(ended: { readonly aborted: boolean } & Pick<AbortSignal, 'addEventListener'>) {
  return new Promise<void>((resolve) => {
    if (ended.aborted) resolve()
    else ended.addEventListener('abort', () => resolve())
  })
}

describe('a set partitioner', () => {
  it('gives everything to one, and divides it when a second one comes', limits, async () => {
    const first = joined(zk, 'first')
    const all = await first.next()
    assert.deepEqual(all.items, items)
    const second = joined(other, 'second')
    const waiting = second.next()
    await over(all.ended)
    const [one, two] = await Promise.all([first.next(), waiting])
    assert.deepEqual(one.items, ['a', 'c', 'e'])
    assert.deepEqual(two.items, ['b', 'd'])

    await second.close()
    await over(one.ended)
    assert.deepEqual((await first.next()).items, items)
    await first.close()
    for (const item of items) assert.deepEqual(await zk.children(`${path}/locks/${item}`), [])
  })

  it('never has an item in two shares', { timeout: 60_000 }, async () => {
    const owners = new Map<string, string>()
    const sharing = new Set<string>()
    const allShare = Promise.withResolvers<void>()
    const work = async (client: ZooKeeper, identifier: string): Promise<void> => {
      const partitioner = joined(client, identifier)
      for await (const share of partitioner) {
        for (const item of share.items) {
          assert.equal(owners.get(item), undefined, `${item} is in two shares`)
          owners.set(item, identifier)
        }
        if (share.items.length < 3) sharing.add(identifier)
        if (sharing.size === 3) allShare.resolve()
        await Promise.race([over(share.ended), allShare.promise])
        for (const item of share.items) owners.delete(item)
        if (sharing.size === 3) break
      }
      await partitioner.close()
    }
    const clients = [await server.client(), await server.client(), await server.client()]
    await Promise.all(clients.map((client, i) => work(client, `m${i}`)))
    assert.equal(sharing.size, 3)
  })

  it('ends a wait by its deadline, and with its session', limits, async () => {
    const lost = await server.client()
    const partitioner = setPartitioner(lost, path, { items, settleMs: 60_000 })
    await assert.rejects(partitioner.next({ deadlineMs: 10 }), { code: 'OperationTimeout' })
    const next = assert.rejects(partitioner.next(), { code: 'SessionExpired' })
    await server.expire(lost)
    await next
    await partitioner.close()
  })
})
