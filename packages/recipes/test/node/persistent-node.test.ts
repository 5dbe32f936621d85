import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cache, persistentNode, persistentTtlNode } from '../../src/index.ts'
import { LossyWorld } from '../support/lossy-world.ts'
import { ZooKeeper as PlainZooKeeper } from '@quorate/client/core'
import { other, path, server, zk, useTwoClients } from '../support/two-clients.ts'

const limits = { timeout: 20_000 }

useTwoClients('/kept')

/** Waits until the other client sees the node so. */
async function until(isSo: (value: string | undefined) => boolean): Promise<void> {
  await using seen = cache(other, path, { scope: 'node' })
  await seen.ready()
  if (isSo(seen.get(path))) return
  for await (const _ of seen) if (isSo(seen.get(path))) return
}

describe('a persistent node', () => {
  it('is there with its value while it is kept, and gone afterwards', limits, async () => {
    const node = persistentNode(zk, path, 'me')
    await node.ready()
    const { value, stat } = await other.getWithStat(path)
    assert.deepEqual([value, stat.ephemeralOwner], ['me', zk.sessionId])
    await node.set('me again')
    assert.equal(await other.get(path), 'me again')
    await node.close()
    assert.equal(await other.exists(path), null)
    await assert.rejects(node.ready(), { code: 'Aborted' })
  })

  it('is put back when somebody deletes it', limits, async () => {
    const node = persistentNode(zk, path, 'me')
    await node.ready()
    const { stat } = await other.getWithStat(path)
    await other.delete(path)
    await until((value) => value === 'me')
    assert.ok((await other.exists(path))!.czxid > stat.czxid)
    await node.close()
  })

  it('is put back by the session that follows a lost one', limits, async () => {
    const renewed = await server.client({ onExpired: 'renew' })
    const node = persistentNode(renewed, path, 'me')
    await node.ready()
    const first = renewed.sessionId
    await server.expire(renewed)
    await until((value) => value === 'me')
    const { stat } = await other.getWithStat(path)
    assert.notEqual(stat.ephemeralOwner, first)
    await node.close()
    assert.equal(await other.exists(path), null)
  })

  it('ends with a session that nothing follows', limits, async () => {
    const lost = await server.client()
    const node = persistentNode(lost, path, 'me')
    await node.ready()
    await server.expire(lost)
    await until((value) => value === undefined)
    await assert.rejects(node.set('x'), { code: 'SessionExpired' })
    await node.close()
  })

  it('waits for the place of somebody else, and leaves it alone', limits, async () => {
    await using theirs = persistentNode(other, path, 'theirs')
    await theirs.ready()
    const waiting = persistentNode(zk, path, 'mine')
    await assert.rejects(waiting.ready({ deadlineMs: 30 }), { code: 'OperationTimeout' })
    await waiting.close()
    assert.equal(await other.get(path), 'theirs')

    const next = persistentNode(zk, path, 'mine')
    await theirs.close()
    await next.ready()
    assert.equal(await other.get(path), 'mine')
    await next.close()
  })

  it('is there once, whatever becomes of the answers', limits, async () => {
    for (const lose of ['loseNextRequest', 'loseNextAnswer'] as const) {
      const lossy = new LossyWorld()
      const client = new PlainZooKeeper(server.connectString, {}, lossy)
      await client.exists('/')
      lossy[lose]()
      const node = persistentNode(client, path, 'me')
      await node.ready()
      assert.equal(await other.get(path), 'me')
      await node.close()
      assert.equal(await other.exists(path), null)
      await client.close()
    }
  })

  it('that is closed before it is there leaves nothing behind', limits, async () => {
    const node = persistentNode(zk, path, 'me')
    await node.close()
    assert.equal(await other.exists(path), null)
  })

  it('tells why it cannot be there', limits, async () => {
    const node = persistentNode(zk, '/zookeeper/x/y', 'me', { acl: [] })
    await assert.rejects(node.ready(), { code: 'InvalidACL' })
    await node.close()
  })
})

describe('a persistent TTL node', () => {
  it('is a container whose child is touched while it is kept', limits, async () => {
    const node = persistentTtlNode(zk, path, 'me', { ttlMs: 40 })
    await node.ready()
    assert.equal((await other.exists(path))!.ephemeralOwner === zk.sessionId, false)
    const touched = cache(other, `${path}/touch`, { scope: 'node' })
    for await (const _ of touched) if ((touched.node(`${path}/touch`)?.version ?? 0) >= 2) break
    await touched.close()
    await node.close()
    assert.equal(await other.exists(path), null)
  })

  it('never stands without a child, with which it would go', limits, async () => {
    await using seen = cache(other, path)
    await using node = persistentTtlNode(zk, path, 'me', { ttlMs: 60_000 })
    await node.ready()
    for (let i = 0; i < 2; i++) {
      await seen.sync()
      const { czxid } = seen.node(path)!
      assert.equal(seen.node(`${path}/touch`)?.czxid, czxid)
      // As servers do with a container whose child was not touched in time.
      await other.transaction().delete(`${path}/touch`).delete(path).commit()
      while ((seen.node(path)?.czxid ?? czxid) === czxid) await seen.sync()
    }
  })

  it('is touched on by the session that follows a lost one', limits, async () => {
    const world = new LossyWorld()
    const options = { timeout: 500, onExpired: 'renew' } as const
    const renewed = new PlainZooKeeper(server.connectString, options, world)
    const node = persistentTtlNode(renewed, path, 'me', { ttlMs: 40 })
    await using touched = cache(other, `${path}/touch`, { scope: 'node' })
    const mzxid = (): number => touched.node(`${path}/touch`)?.mzxid ?? 0
    const untilTouchedSince = async (zxid: number): Promise<number> => {
      for await (const _ of touched) if (mzxid() > zxid) break
      return mzxid()
    }
    await untilTouchedSince(0)
    // A touch is on its way when the session ends.
    const isOver = new Promise((resolve) =>
      renewed.on('state', ({ state }) => state === 'expired' && resolve(state)),
    )
    world.fallSilent()
    await isOver
    const lastZxid = mzxid()
    world.speak()
    await untilTouchedSince(await untilTouchedSince(lastZxid))
    await node.close()
    await renewed.close()
  })
})
