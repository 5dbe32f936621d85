import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ZooKeeper } from '@quorate/client'
import { Mutex } from '@quorate/recipes'
import { startEnsemble, startInMemoryServer, startServer } from '@quorate/testkit'

let shared
before(async () => {
  shared = await startServer()
})
after(() => shared.close())

test('a member is gone when its session expires', async () => {
  await using server = await startServer()
  const zk = await server.client()
  await zk.create('/member', 'me', { ephemeral: true })
  await server.expire(zk)
  const witness = await server.client()
  assert.equal(await witness.exists('/member'), null)
})

test('what was acknowledged outlives a server that is killed', async () => {
  await using server = await startServer()
  const zk = await server.client()
  await zk.create('/acknowledged', '')
  await server.kill()
  await server.restart()
  assert.equal((await zk.exists('/acknowledged'))?.version, 0)
})

test('an order outlives the leader', async () => {
  await using ensemble = await startEnsemble(3)
  const zk = await ensemble.client()
  await zk.create('/order', 'one coffee')
  const leader = await ensemble.leader()
  await leader.kill()
  assert.notEqual(await ensemble.leader(), leader)
  assert.equal(await zk.get('/order'), 'one coffee')
  await leader.restart()
  await ensemble.settled()
  assert.equal(leader.mode, 'follower')
})

test('forty seconds pass at once', async () => {
  await using server = await startInMemoryServer()
  const zk = await server.client({ timeout: 30_000 })
  await zk.create('/member', 'me', { ephemeral: true })
  server.isolate(zk)
  await server.advance(40_000)
  const witness = await server.client()
  assert.equal(await witness.exists('/member'), null)
})

test('bytes, errors and locks are those of any program', async () => {
  await using zk = new ZooKeeper(shared.connectString, { codec: 'bytes' })
  await zk.create('/bytes', new Uint8Array([1, 2, 3]))
  assert.deepEqual([...(await zk.get('/bytes'))], [1, 2, 3])
  await assert.rejects(zk.get('/nothing'), { code: 'NoNode' })
  const isHeld = await new Mutex(zk, '/lock').run((lock) => lock.isHeld)
  assert.equal(isHeld, true)
})
